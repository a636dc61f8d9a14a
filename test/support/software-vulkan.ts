import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where Debian puts its loader (package libvulkan1), and Chromium its own. */
const loaders = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1'];
const chromium = '/usr/lib/chromium';

/**
 * The environment in which Dawn finds a software Vulkan driver, or why there is none. Chromium's SwiftShader serves; Debian
 * 12's lavapipe is refused by Dawn. FAULTLINE_VULKAN_ICD names another driver's json.
 */
export function softwareVulkan(): { readonly env: Readonly<Record<string, string>> } | { readonly missing: string } {
  const icd = process.env['FAULTLINE_VULKAN_ICD'] ?? join(chromium, 'vk_swiftshader_icd.json');
  if (!existsSync(icd)) return { missing: `no software Vulkan driver: there is no ${icd} (Debian package chromium)` };
  const loader = [...loaders, join(chromium, 'libvulkan.so.1')].find((path) => existsSync(path));
  if (loader === undefined) return { missing: 'no Vulkan loader libvulkan.so.1 (Debian package libvulkan1)' };
  const path = [dirname(loader), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { env: { VK_ICD_FILENAMES: icd, LD_LIBRARY_PATH: path } };
}

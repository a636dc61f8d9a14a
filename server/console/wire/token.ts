const key = 'faultline-token';

/**
 * The bearer token of a server that is not on loopback. It arrives once in the fragment (`/#token=…`, which no server
 * and no log sees) or by the form of {@link TokenForm}, and stays for this tab only.
 */
export function readToken(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1)).get('token');
  if (fragment !== null) {
    keepToken(fragment);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(key) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token);
}

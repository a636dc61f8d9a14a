import { Kbd, Modal, Table } from '@mantine/core';
import { useShortcutGroups } from './shortcuts.ts';

const names: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
};

/** Every key of the page, by the part of it that hears them. */
export function ShortcutHelp({ close }: { readonly close: () => void }) {
  const groups = useShortcutGroups();
  return (
    <Modal.Root opened onClose={close} size="lg" lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content aria-label="Keyboard">
        <Modal.Header component="div">
          <Modal.Title>Keyboard</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </Modal.Header>
        <Modal.Body>
          {groups.map(({ title, shortcuts }) => (
            <Table key={title} className="keys" mb="md">
              <Table.Caption>{title}</Table.Caption>
              <Table.Tbody>
                {shortcuts.map(({ keys, does }) => (
                  <Table.Tr key={does}>
                    <Table.Th scope="row">
                      {keys.map((key) => (
                        <Kbd key={key} size="xs" mr={4}>
                          {names[key] ?? key}
                        </Kbd>
                      ))}
                    </Table.Th>
                    <Table.Td>{does}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          ))}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

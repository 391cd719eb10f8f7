import type { WebSocket } from 'ws';

/** A shell that only repeats what is typed, for the looks of the terminal page. */
export function serveShell(socket: WebSocket): void {
  const write = (text: string) => socket.send(Buffer.from(text));
  let line = '';
  write('\x1b[1;32mcrownlabs@terminal\x1b[0m:\x1b[1;34m~\x1b[0m$ ');
  socket.on('message', (data, binary) => {
    if (!binary || !Buffer.isBuffer(data)) return;
    for (const character of data.toString('utf8')) {
      if (character === '\r') {
        if (line === 'exit') return socket.send(JSON.stringify({ type: 'exit', code: 0 }), () => socket.close());
        write(`\r\n${line ? `sh: ${line}: this is only a mock\r\n` : ''}\x1b[1;32mcrownlabs@terminal\x1b[0m:\x1b[1;34m~\x1b[0m$ `);
        line = '';
      } else {
        line += character;
        write(character);
      }
    }
  });
}

const KEY = /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [^\r\n]*)?$/;

/** Whether a line is a public key as OpenSSH writes it. A line that is none would keep sshd from reading the rest. */
export function isPublicKey(line: string): boolean {
  return KEY.test(line);
}

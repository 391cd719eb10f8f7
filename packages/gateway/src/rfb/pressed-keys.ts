import { FROM_CLIENT } from './protocol.ts';

/** What one person holds down, so that it can be let go when she leaves in the middle of it. */
export class PressedKeys {
  readonly #keys = new Map<string, Buffer>();
  #pointer: Buffer | undefined;

  note(type: number, bytes: Buffer): void {
    if (type === FROM_CLIENT.key) this.#key(bytes.subarray(4).toString('hex'), bytes, 1);
    else if (type === FROM_CLIENT.qemu) this.#key(`q${bytes.subarray(4).toString('hex')}`, bytes, 3);
    else if (type === FROM_CLIENT.pointer) this.#pointer = bytes;
  }

  /** The messages that let go of everything. */
  release(): Buffer {
    const out = [...this.#keys.values()];
    if (this.#pointer && this.#pointer.readUInt8(1) !== 0) {
      const up = Buffer.from(this.#pointer);
      up.writeUInt8(0, 1);
      out.push(up);
    }
    this.#keys.clear();
    this.#pointer = undefined;
    return Buffer.concat(out);
  }

  /** `at` is where the message says whether the key is down. */
  #key(name: string, bytes: Buffer, at: number): void {
    if (bytes.readUInt8(at) === 0) {
      this.#keys.delete(name);
      return;
    }
    const up = Buffer.from(bytes);
    up.writeUInt8(0, at);
    this.#keys.set(name, up);
  }
}

import { hasProgram, installPackages } from './debian-packages.ts';
import { DISK_PACKAGES } from './needed-packages.ts';

/** Installs what makes disks of machines, where it is missing. `onLine` hears what is said meanwhile. */
export async function installDiskPrograms(onLine: (line: string) => void): Promise<void> {
  if (!(await hasProgram('qemu-img'))) await installPackages(DISK_PACKAGES, onLine);
}

export { mailerFrom } from './automation/from-settings.ts';
export { Config, durationMs, parseConfig } from './config.ts';
export { forgetSignIns } from './demo-sign-ins.ts';
export { buildStore } from './local-images.ts';
export { endRemains } from './remains.ts';
export { imageLock } from './resolved-config.ts';
export { hasProgram, installPackages } from './setup/debian-packages.ts';
export { installDiskPrograms } from './setup/disk-programs.ts';
export { DISK_PACKAGES, ENGINE_PACKAGES, IMAGE_PACKAGES } from './setup/needed-packages.ts';

export { mailerFrom } from './automation/from-settings.ts';
export { Config, durationMs, parseConfig } from './config.ts';
export { forgetSignIns } from './demo-sign-ins.ts';
export { buildStore } from './local-images.ts';
export { endRemains } from './remains.ts';
export { imageLock } from './resolved-config.ts';

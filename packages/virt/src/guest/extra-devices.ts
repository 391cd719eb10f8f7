import type { GuestSpec } from '../kinds/guest-schema.ts';

type Devices = GuestSpec['domain']['devices'];

/** What a machine has that asks for it: a watchdog, a sound card. */
export function extraDevices({ devices, rebootPolicy }: GuestSpec['domain']): string[] {
  return [...watchdog(devices), ...sound(devices), ...(rebootPolicy === 'Terminate' ? ['-no-reboot'] : [])];
}

function watchdog({ watchdog: asked }: Devices): string[] {
  return asked ? ['-device', 'i6300esb', '-action', `watchdog=${asked.i6300esb?.action ?? 'reset'}`] : [];
}

/** A guest with a card plays what it plays; nobody hears it. */
function sound({ sound: asked }: Devices): string[] {
  if (!asked) return [];
  const silence = ['-audiodev', 'none,id=silence'];
  if (asked.model === 'ac97') return [...silence, '-device', 'AC97,audiodev=silence'];
  return [...silence, '-device', 'ich9-intel-hda', '-device', 'hda-duplex,audiodev=silence'];
}

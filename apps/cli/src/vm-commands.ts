import process from 'node:process';
import { type Command, Option } from 'commander';
import type { Places } from './places.ts';
import type { MachineFlags } from './verbs/vm.ts';

/** Adds the verbs for virtual machines. */
export function withMachineCommands(vm: Command, places: () => Places): void {
  vm.command('list')
    .description('list the virtual machines, whose they are and how they are')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .option('-n, --namespace <namespace>', 'only of this namespace, such as tenant-ada')
    .option('--kubeconfig <file>', 'as whom to ask (default: the administrator of this installation)')
    .action(async ({ output, ...flags }: MachineFlags & { output: string }) => {
      const { listMachines } = await import('./verbs/vm.ts');
      await listMachines(places(), output, flags);
    });

  of(vm, 'start', 'start a stopped machine').action(async (name: string, flags: MachineFlags) => {
    const { powerMachine } = await import('./verbs/vm.ts');
    await powerMachine(places(), name, true, flags);
  });

  of(vm, 'stop', 'ask a machine to shut down, as by its power button; after a minute it is switched off').action(
    async (name: string, flags: MachineFlags) => {
      const { powerMachine } = await import('./verbs/vm.ts');
      await powerMachine(places(), name, false, flags);
    },
  );

  of(vm, 'suspend', 'put a running machine to sleep: what is in its memory is kept, and takes none').action(
    async (name: string, flags: MachineFlags) => {
      const { sleepMachine } = await import('./verbs/vm.ts');
      await sleepMachine(places(), name, true, flags);
    },
  );

  of(vm, 'resume', 'wake a machine that sleeps: it goes on where it was').action(async (name: string, flags: MachineFlags) => {
    const { sleepMachine } = await import('./verbs/vm.ts');
    await sleepMachine(places(), name, false, flags);
  });

  withSnapshots(vm, places);

  of(vm, 'restart', 'make a running machine boot anew, as by its reset button').action(async (name: string, flags: MachineFlags) => {
    const { restartMachine } = await import('./verbs/vm.ts');
    await restartMachine(places(), name, flags);
  });

  of(vm, 'console', 'the serial console of a running machine, in this terminal').action(async (name: string, flags: MachineFlags) => {
    const { openConsole } = await import('./verbs/vm-streams.ts');
    await openConsole(places(), name, flags);
  });

  of(vm, 'ssh', 'a shell in a running machine, by way of the API; what follows -- goes to ssh')
    .argument('[ssh...]', 'such as -- -i ~/.ssh/id_ed25519 uname -a')
    .action(async (name: string, rest: string[], flags: MachineFlags) => {
      const { openShell } = await import('./verbs/vm-streams.ts');
      process.exitCode = await openShell(places(), name, rest, flags);
    });

  of(vm, 'port-forward', 'reach a port of a running machine: from a port of this one, or by standard input and output')
    .argument('<port>', 'port in the machine, such as 22 (standard input and output), 8080:80 (listens on 127.0.0.1:8080), or 5353:53/udp')
    .action(async (name: string, port: string, flags: MachineFlags) => {
      const { forwardPort, wantedPort } = await import('./verbs/vm-ports.ts');
      await forwardPort(places(), name, wantedPort(port), flags);
    });
}

function withSnapshots(vm: Command, places: () => Places): void {
  of(vm, 'snapshot', 'copy the disk of a machine as it is now, also while it runs')
    .argument('[name]', 'what to call the copy; the name of the instance and the time if absent')
    .action(async (instance: string, name: string | undefined, flags: MachineFlags) => {
      const { takeSnapshot } = await import('./verbs/vm-snapshots.ts');
      await takeSnapshot(places(), instance, name, flags);
    });

  of(vm, 'snapshots', 'list the snapshots of a machine')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .action(async (instance: string, { output, ...flags }: MachineFlags & { output: string }) => {
      const { listSnapshots } = await import('./verbs/vm-snapshots.ts');
      await listSnapshots(places(), instance, output, flags);
    });

  of(vm, 'restore', 'make the disk of a machine what it was in a snapshot: what was written since is lost, and it is stopped for that')
    .argument('<snapshot>', 'as `crownlabs vm snapshots` prints it')
    .option('-y, --yes', 'lose what was written since')
    .action(async (instance: string, snapshot: string, flags: MachineFlags & { yes?: boolean }) => {
      const { restoreSnapshot } = await import('./verbs/vm-snapshots.ts');
      await restoreSnapshot(places(), [instance, snapshot], flags);
    });
}

function of(vm: Command, verb: string, description: string): Command {
  return vm
    .command(verb)
    .description(description)
    .argument('<instance>', 'name of the instance, as `crownlabs vm list` prints it')
    .option('-n, --namespace <namespace>', 'where the instance is, if there are several of that name')
    .option('-e, --env <environment>', 'which of its machines, if it has several')
    .option('--kubeconfig <file>', 'as whom to ask (default: the administrator of this installation)');
}

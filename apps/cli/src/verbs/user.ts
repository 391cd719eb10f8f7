import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { tenants, WorkspaceRole, workspaces } from '@crownlabs/api';
import { createAccounts, generatePassword, type Membership } from '@crownlabs/identity';
import { hasCode, LabError, systemClock } from '@crownlabs/std';
import { adminClient } from '../admin-client.ts';
import type { Places } from '../places.ts';
import { say } from '../terminal.ts';

/** A person as the command line names one. */
export interface UserFlags {
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly enrol: readonly string[];
  readonly admin: boolean;
}

/** Adds a person and prints the generated password, once, on standard output. */
export async function addUser(places: Places, { enrol: memberships, ...person }: UserFlags): Promise<void> {
  const client = await adminClient(places);
  const joined = memberships.map(parseMembership);
  await Promise.all(joined.map(({ name }) => mustExist(client, name)));
  if (await client.find(tenants, person.name)) {
    throw new LabError(
      'AlreadyExists',
      `${person.name} exists already. \`crownlabs user passwd ${person.name}\` sets a new password, \`user enrol\` adds a workspace.`,
    );
  }
  const { password } = await createAccounts(client, systemClock).createUser({ ...person, workspaces: joined });
  say(`Added ${person.name}. The password, shown this once:`);
  process.stdout.write(`${password}\n`);
}

/** Sets a password: the first line of standard input, or a generated one that is printed once. */
export async function setPassword(places: Places, name: string, fromInput: boolean): Promise<void> {
  const client = await adminClient(places);
  if (!(await client.find(tenants, name)))
    throw new LabError('NotFound', `There is nobody called ${name}. \`crownlabs user add\` adds people.`);
  const password = fromInput ? ((await readFile('/dev/stdin', 'utf8')).split('\n')[0] ?? '') : generatePassword();
  await createAccounts(client, systemClock).setPassword(name, password);
  say(`${name} has a new password${fromInput ? '.' : ', shown this once:'}`);
  if (!fromInput) process.stdout.write(`${password}\n`);
}

/** Makes a person a member of a workspace, or changes the role there. */
export async function enrol(places: Places, name: string, membership: string): Promise<void> {
  const client = await adminClient(places);
  const wanted = parseMembership(membership);
  await mustExist(client, wanted.name);
  const tenant = await client.find(tenants, name);
  if (!tenant) throw new LabError('NotFound', `There is nobody called ${name}. \`crownlabs user add\` adds people.`);
  const others = (tenant.spec.workspaces ?? []).filter((one) => one.name !== wanted.name);
  const { resourceVersion } = tenant.metadata;
  await client.patch(tenants, name, undefined, { metadata: { resourceVersion }, spec: { workspaces: [...others, wanted] } });
  say(`${name} is now ${wanted.role} of ${wanted.name}.`);
}

function parseMembership(text: string): Membership {
  const [name = '', role = 'user'] = text.split(':');
  const parsed = WorkspaceRole.safeParse(role);
  if (!name || !parsed.success)
    throw new LabError('BadRequest', `${text} is not a membership. Write workspace, workspace:user or workspace:manager.`);
  return { name, role: parsed.data };
}

async function mustExist(client: Awaited<ReturnType<typeof adminClient>>, workspace: string): Promise<void> {
  await client.get(workspaces, workspace).catch(async (error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error;
    const known = (await client.list(workspaces)).items.map(({ metadata }) => metadata.name);
    throw new LabError(
      'NotFound',
      `There is no workspace ${workspace}. There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ') || 'none'}.`,
    );
  });
}

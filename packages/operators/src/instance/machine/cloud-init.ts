import { randomBytes } from 'node:crypto';
import { ENVIRONMENT_UID, type Environment, type Instance, type Tenant } from '@crownlabs/api';
import { type Kube, ownedBy, secrets } from '@crownlabs/client';
import type { Secret } from 'kubernetes-types/core/v1.js';
import { stringify } from 'yaml';
import { type Piece, piece } from '../../converge.ts';
import { isPublicKey } from '../../tenant/public-keys.ts';
import { environmentLabels } from '../labels.ts';
import type { Mount } from '../mounts.ts';
import { shadowHash } from './crypt.ts';

/** The user of every machine. */
const USER = 'crownlabs';

/** What the first boot of a machine is told. */
export interface FirstBoot {
  readonly passwordHash: string;
  /** Lines of OpenSSH that may sign in. */
  readonly keys: readonly string[];
  readonly mounts: readonly Mount[];
}

/** The text for cloud-init. https://cloudinit.readthedocs.io/en/latest/reference/modules.html */
export function userData({ passwordHash, keys, mounts }: FirstBoot): string {
  const config = {
    users: [
      {
        name: USER,
        uid: ENVIRONMENT_UID,
        lock_passwd: false,
        passwd: passwordHash,
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        ssh_authorized_keys: [...keys],
        shell: '/bin/bash',
      },
    ],
    network: { version: 2, id0: { dhcp4: true } },
    mounts: mounts.map(({ claim, path, readOnly }) => [claim, path, 'virtiofs', `${readOnly ? 'ro' : 'rw'},_netdev,user`, '0', '0']),
    ssh_authorized_keys: [...keys],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

/** Where the volumes appear, there is something to mount them on, and it belongs to the user. */
export function bootScript(mounts: readonly Mount[]): string {
  const folders = mounts.filter(({ readOnly }) => !readOnly).map(({ path }) => `'${path.replaceAll("'", String.raw`'\''`)}'`);
  const lines = folders.flatMap((path) => [`mkdir -p ${path}`, `chown ${ENVIRONMENT_UID}:${ENVIRONMENT_UID} ${path}`]);
  return ['#!/bin/sh', ...lines, ''].join('\n');
}

/** Whose keys open a machine: its owner's, those of the managers of its workspace, and the bastion's. */
export interface KeyHolders {
  readonly owner: Tenant | undefined;
  readonly managers: readonly Tenant[];
  readonly system: readonly string[];
}

/** The keys, each once. */
export function authorizedKeys({ owner, managers, system }: KeyHolders): string[] {
  const ofPeople = [...(owner ? [owner] : []), ...managers.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))];
  const lines = [...ofPeople.flatMap(({ spec }) => spec.publicKeys ?? []), ...system].map((line) => line.trim());
  return [...new Set(lines.filter(isPublicKey))];
}

/** What a Secret is made of. */
export interface SecretParts {
  readonly name: string;
  readonly keys: readonly string[];
  readonly mounts: readonly Mount[];
  /** The Secret as it is: a password that was given once stays. */
  readonly current: Kube<Secret> | undefined;
}

/** The Secret that a machine boots from: one for each environment, with a password of its own. */
export function cloudInitSecret(instance: Instance, environment: Environment, { name, keys, mounts, current }: SecretParts): Piece {
  const known = (key: string) => Buffer.from(current?.data?.[key] ?? '', 'base64').toString();
  const password = known('password') || randomBytes(15).toString('base64url');
  const passwordHash = known('password-hash') || shadowHash(password, randomBytes(12).toString('hex').slice(0, 16));
  const data = {
    userdata: userData({ passwordHash, keys, mounts }),
    'x-shellscript': bootScript(mounts),
    password,
    'password-hash': passwordHash,
  };
  return piece(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: instance.metadata.namespace ?? '',
      labels: environmentLabels(instance, environment),
      ownerReferences: [ownedBy(instance)],
    },
    type: 'Opaque',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  });
}

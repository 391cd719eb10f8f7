import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { drivesOf } from '../guest/drives.ts';
import { lab, NS, useVirtLab } from '../virt-lab.test-support.ts';
import { machineCrds } from './kinds.ts';

useVirtLab();

// Written as in KubeVirt's user guide: what people bring along.
const CONTAINER_DISK = `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: testvm
  labels: { kubevirt.io/vm: testvm }
spec:
  runStrategy: Halted
  template:
    metadata:
      creationTimestamp: null
      labels: { kubevirt.io/size: small, kubevirt.io/domain: testvm }
    spec:
      architecture: amd64
      domain:
        cpu: { cores: 2, sockets: 1, threads: 1, model: host-model }
        devices:
          disks:
          - name: containerdisk
            bootOrder: 1
            disk: { bus: virtio }
          - name: cloudinitdisk
            disk: { bus: virtio }
          - name: cd
            cdrom: { bus: sata, readonly: true }
          interfaces:
          - name: default
            model: virtio
            masquerade: {}
            ports: [{ name: http, port: 80, protocol: TCP }]
          rng: {}
          inputs: [{ name: tablet, type: tablet, bus: usb }]
          networkInterfaceMultiqueue: true
        features: { acpi: { enabled: true } }
        machine: { type: q35 }
        resources: { requests: { memory: 64M }, limits: { memory: 1Gi } }
      networks: [{ name: default, pod: {} }]
      terminationGracePeriodSeconds: 0
      evictionStrategy: LiveMigrate
      volumes:
      - name: containerdisk
        containerDisk: { image: quay.io/kubevirt/cirros-container-disk-demo, imagePullPolicy: IfNotPresent }
      - name: cd
        containerDisk: { image: quay.io/kubevirt/cirros-container-disk-demo, path: /disk/cirros.img }
      - name: cloudinitdisk
        cloudInitNoCloud: { userDataBase64: SGkuXG4= }
`;

const DATA_VOLUME = `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: { name: fedora }
spec:
  running: false
  dataVolumeTemplates:
  - metadata: { name: fedora-dv, creationTimestamp: null }
    spec:
      pvc:
        accessModes: [ReadWriteOnce]
        resources: { requests: { storage: 5Gi } }
      source:
        http: { url: "https://download.example.org/Fedora-Cloud-Base.qcow2" }
  template:
    metadata: { labels: { kubevirt.io/vm: fedora } }
    spec:
      domain:
        devices:
          disks: [{ disk: { bus: virtio }, name: datavolumedisk1 }]
        machine: { type: "" }
        memory: { guest: 1Gi }
        resources: { requests: { memory: 1Gi } }
      terminationGracePeriodSeconds: 60
      volumes:
      - dataVolume: { name: fedora-dv }
        name: datavolumedisk1
`;

type Validation = 'Strict' | 'Ignore';
const applied = (manifest: unknown, validation: Validation = 'Strict') =>
  lab.admin.raw('POST', `/apis/kubevirt.io/v1/namespaces/${NS}/virtualmachines?fieldValidation=${validation}`, manifest);

/** A manifest with one more field. */
function withField(path: string, value: unknown): unknown {
  const manifest: unknown = parse(CONTAINER_DISK);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  Reflect.set(Object(keys.reduce((object: unknown, key) => Reflect.get(Object(object), key), manifest)), last, value);
  return manifest;
}

const SPEC = 'spec.template.spec';

test("manifests of somebody else's are taken as they are, or refused by the name of the field that is not realised here", async () => {
  expect(await applied(parse(CONTAINER_DISK))).toMatchObject({ metadata: { name: 'testvm' } });
  expect(await applied(parse(DATA_VOLUME))).toMatchObject({ metadata: { name: 'fedora' } });
  await expect(applied(withField(`${SPEC}.domain.cpu.coers`, 2))).rejects.toThrow(`unknown field "${SPEC}.domain.cpu.coers"`);
});

const REFUSED: readonly [string, unknown][] = [
  [`${SPEC}.domain.devices.hostDevices`, [{ name: 'gpu', deviceName: 'nvidia.com/TU104GL' }]],
  [`${SPEC}.domain.devices.tpm`, {}],
  [`${SPEC}.domain.cpu.dedicatedCpuPlacement`, true],
  [`${SPEC}.domain.firmware`, { bootloader: { efi: { secureBoot: false } } }],
  [`${SPEC}.accessCredentials`, [{ sshPublicKey: {} }]],
  [`${SPEC}.networks`, [{ name: 'default', multus: { networkName: 'lab', default: true } }]],
  [`${SPEC}.volumes`, [{ name: 'containerdisk', cloudInitConfigDrive: { userData: '' } }]],
  ['spec.instancetype', { name: 'u1.small' }],
  ['spec.dataVolumeTemplates', [{ metadata: { name: 'a' }, spec: { sourceRef: { kind: 'DataSource', name: 'fedora' }, storage: {} } }]],
];

test('what is not realised here is refused also where a client would let a field go without a word', async () => {
  for (const [path, value] of REFUSED) {
    const field = new RegExp(`${path.replaceAll('.', String.raw`\.`)}[^ ]*: Forbidden: .{10}`);
    await expect(applied(withField(path, value), 'Ignore')).rejects.toThrow(field);
  }
  const alone = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name: 'm' },
    spec: { vmiName: 'testvm' },
  };
  const migrations = `/apis/kubevirt.io/v1/namespaces/${NS}/virtualmachineinstancemigrations`;
  await expect(lab.admin.raw('POST', migrations, alone)).rejects.toThrow('spec: Forbidden: there is no other machine to move to');
});

test('a disk without a volume is refused, and a volume that nothing is said of is a disk', async () => {
  await expect(applied(withField(`${SPEC}.domain.devices.disks`, [{ name: 'ghost', disk: {} }]))).rejects.toThrow(
    'needs a volume of its name',
  );
  await expect(applied(withField(`${SPEC}.volumes`, [{ name: 'containerdisk' }]))).rejects.toThrow('must name exactly one source');
  // As `virtctl create vm` writes it.
  const volumes = [{ name: 'fedora', containerDisk: { image: 'quay.io/containerdisks/fedora:latest' } }];
  expect(drivesOf({ domain: { devices: {} }, volumes }, { id: '', hostname: '', bases: new Map() })).toMatchObject([
    { file: '/run/machine/fedora.qcow2', readOnly: false },
  ]);
});

const POD_NETWORK = { name: 'default', pod: {} };
const LAN = { name: 'lan', multus: { networkName: 'lan' } };
const WIRE = { name: 'lan', bridge: {} };
const MISPLUGGED: readonly [interfaces: object[], networks: object[], why: string][] = [
  [[{ name: 'default', masquerade: {} }, WIRE], [POD_NETWORK], 'each of domain.devices.interfaces needs a network'],
  [[{ name: 'default', masquerade: {} }], [POD_NETWORK, LAN], 'each of networks needs an interface'],
  [[{ name: 'lan', masquerade: {} }], [LAN], 'write bridge: {}'],
  [[WIRE, { name: 'x', bridge: {} }], [POD_NETWORK, { name: 'x', pod: {} }], 'on the network of its pod once'],
  [[WIRE], [{ name: 'lan', multus: { networkName: 'default/lan' } }], 'write its name alone'],
  [[WIRE, WIRE], [LAN, LAN], 'each network needs a name of its own'],
];

test('cards are on the network of the pod or on others of its namespace, each on the one of its name', async () => {
  const withCards = (interfaces: object[], networks: object[]) => {
    const manifest = withField(`${SPEC}.domain.devices.interfaces`, interfaces);
    Reflect.set(Object(Reflect.get(Object(manifest), 'metadata')), 'name', `vm-${networks.length}`);
    const { template } = (manifest as { spec: { template: { spec: object } } }).spec;
    return { ...(manifest as object), spec: { runStrategy: 'Halted', template: { ...template, spec: { ...template.spec, networks } } } };
  };
  expect(await applied(withCards([{ name: 'default', masquerade: {} }, WIRE], [POD_NETWORK, LAN]))).toMatchObject({});
  expect(await applied(withCards([WIRE], [LAN]))).toMatchObject({});
  for (const [interfaces, networks, why] of MISPLUGGED) await expect(applied(withCards(interfaces, networks))).rejects.toThrow(why);
});

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly $ref?: string;
  readonly allOf?: readonly Shape[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

const SCHEMAS = new URL('../../../../../shared/data/kubevirt-schemas.json', import.meta.url);

function readDefinitions(): Record<string, Shape> | undefined {
  try {
    // The parse border: a file of KubeVirt's own.
    return (JSON.parse(readFileSync(SCHEMAS, 'utf8')) as { definitions: Record<string, Shape> }).definitions;
  } catch {
    return undefined;
  }
}

/** The fields of theirs that ours would let go without a word. */
function unknownFields(theirs: Shape, ours: Shape, known: Record<string, Shape>): string[] {
  const whole = theirs.$ref ?? theirs.allOf?.[0]?.$ref;
  const shape = whole === undefined ? theirs : (known[whole.split('/').at(-1) ?? ''] ?? theirs);
  if (ours['x-kubernetes-preserve-unknown-fields'] === true) return [];
  if (shape.items && ours.items) return unknownFields(shape.items, ours.items, known);
  return Object.entries(ours.properties ? (shape.properties ?? {}) : {}).flatMap(([name, its]) => {
    const own = ours.properties?.[name];
    return own ? unknownFields(its, own, known).map((rest) => `${name}.${rest}`) : [name];
  });
}

test('of every field that KubeVirt and CDI have it is known what becomes of it here', (context) => {
  const known = readDefinitions() ?? context.skip(`${SCHEMAS.pathname} is not there`);
  // Compared as they go over the wire.
  const crds = JSON.parse(JSON.stringify(machineCrds())) as {
    spec: { names: { kind: string }; versions: { schema: { openAPIV3Schema: Shape } }[] };
  }[];
  const ours = (kind: string): Shape => crds.find(({ spec }) => spec.names.kind === kind)?.spec.versions[0]?.schema.openAPIV3Schema ?? {};
  const found = ['v1.VirtualMachine', 'v1.VirtualMachineInstance', 'v1beta1.DataVolume'].flatMap((type) => {
    const kind = type.split('.')[1] ?? '';
    const spec = ours(kind).properties?.['spec'] ?? {};
    expect(spec.properties).toBeDefined();
    return unknownFields(known[`${type}Spec`] ?? {}, spec, known);
  });
  // What is about an object that is there already is no part of one that is to be made.
  expect(found.filter((path) => !/^(template|dataVolumeTemplates)\.metadata\./.test(path))).toEqual([]);
});

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { lab, NS, useVirtLab } from '../virt-lab.test-support.ts';

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

const applied = (manifest: unknown) =>
  lab.admin.raw('POST', `/apis/kubevirt.io/v1/namespaces/${NS}/virtualmachines?fieldValidation=Strict`, manifest);

/** A manifest with one more field. */
function withField(path: string, value: unknown): unknown {
  const manifest: unknown = parse(CONTAINER_DISK);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  Reflect.set(Object(keys.reduce((object: unknown, key) => Reflect.get(Object(object), key), manifest)), last, value);
  return manifest;
}

test("manifests of somebody else's are taken as they are, or refused by the name of the field that is not realised here", async () => {
  expect(await applied(parse(CONTAINER_DISK))).toMatchObject({ metadata: { name: 'testvm' } });
  expect(await applied(parse(DATA_VOLUME))).toMatchObject({ metadata: { name: 'fedora' } });
  const refused: readonly [string, unknown][] = [
    ['spec.template.spec.domain.devices.hostDevices', [{ name: 'gpu', deviceName: 'nvidia.com/TU104GL' }]],
    ['spec.template.spec.domain.devices.tpm', {}],
    ['spec.template.spec.accessCredentials', []],
    ['spec.instancetype', { name: 'u1.small' }],
  ];
  for (const [path, value] of refused) await expect(applied(withField(path, value))).rejects.toThrow(`unknown field "${path}"`);
});

import type { AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, mapAt, textAt, textsAt, valueAt } from '../json-read.ts';
import type { ObjectReader, StoredKind } from '../object-reader.ts';
import { forbidden } from '../status-error.ts';

const PROTECTION: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** Claims and volumes are not removed while they are in use: the finalizer that their controllers take off. */
export const storageProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ resource, operation, subresource }) =>
    operation === 'CREATE' && subresource === '' && resource.group === '' && resource.plural in PROTECTION,
  mutate: ({ resource, object }) => {
    const finalizer = PROTECTION[resource.plural];
    if (!object || !finalizer) return;
    const finalizers = textsAt(object, 'metadata', 'finalizers');
    if (!finalizers.includes(finalizer)) ensureObject(object, 'metadata')['finalizers'] = [...finalizers, finalizer];
  },
};

/** A claim that names no storage class gets the default one. */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: ({ resource, operation, subresource }) =>
      operation === 'CREATE' && subresource === '' && resource.group === '' && resource.plural === 'persistentvolumeclaims',
    mutate: ({ object }) => {
      if (!object || valueAt(object, 'spec', 'storageClassName') !== undefined) return;
      if (mapAt(object, 'metadata', 'annotations')['volume.beta.kubernetes.io/storage-class'] !== undefined) return;
      const found = newestDefault(
        reader,
        { group: 'storage.k8s.io', plural: 'storageclasses' },
        'storageclass.kubernetes.io/is-default-class',
      );
      if (found) ensureObject(object, 'spec')['storageClassName'] = textAt(found, 'metadata', 'name');
    },
  };
}

/** An Ingress that names no class gets the default one. */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: ({ resource, operation, subresource }) =>
      operation === 'CREATE' && subresource === '' && resource.group === 'networking.k8s.io' && resource.plural === 'ingresses',
    mutate: ({ object }) => {
      if (!object || valueAt(object, 'spec', 'ingressClassName') !== undefined) return;
      if (mapAt(object, 'metadata', 'annotations')['kubernetes.io/ingress.class'] !== undefined) return;
      const found = newestDefault(
        reader,
        { group: 'networking.k8s.io', plural: 'ingressclasses' },
        'ingressclass.kubernetes.io/is-default-class',
      );
      if (found) ensureObject(object, 'spec')['ingressClassName'] = textAt(found, 'metadata', 'name');
    },
  };
}

function newestDefault(reader: ObjectReader, kind: StoredKind, annotation: string): JsonObject | undefined {
  const created = (object: JsonObject) => textAt(object, 'metadata', 'creationTimestamp');
  const defaults = reader.list(kind).filter((object) => mapAt(object, 'metadata', 'annotations')[annotation] === 'true');
  return defaults.toSorted((a, b) => created(b).localeCompare(created(a)))[0];
}

/** A claim grows only where its class says that it may, and only once it is bound. */
export function claimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: ({ resource, operation, subresource }) =>
      operation === 'UPDATE' && subresource === '' && resource.group === '' && resource.plural === 'persistentvolumeclaims',
    validate: ({ resource, name, object, old }) => {
      const size = (of: JsonObject | undefined) => textAt(of, 'spec', 'resources', 'requests', 'storage');
      if (size(object) === size(old)) return;
      const className = textAt(old, 'spec', 'storageClassName');
      const found = className ? reader.get({ group: 'storage.k8s.io', plural: 'storageclasses' }, className) : undefined;
      if (valueAt(found, 'allowVolumeExpansion') === true) return;
      throw forbidden(
        resource,
        name,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

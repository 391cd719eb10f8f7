export { actionBody, builtInResources, scaleResource } from './built-in.ts';
export { SYSTEM_PRIORITY_CLASSES } from './cluster/priority-class.ts';
export { describedDefinition } from './descriptions.ts';
export { goPackage, knownKind } from './known-kinds.ts';
export { decodeProtobufObject } from './protobuf/protobuf-decode.ts';
export { encodeProtobufBody, encodeProtobufEvent, encodeProtobufObject, sealProtobufBody } from './protobuf/protobuf-encode.ts';
export { decodeBody } from './resource-of.ts';
export { builtInDefinitions, KUBERNETES_VERSION, REF_PREFIX } from './shapes.ts';

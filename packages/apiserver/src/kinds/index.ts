export { builtInResources } from './built-in.ts';
export { builtInDefinitions, KUBERNETES_VERSION, REF_PREFIX } from './shapes.ts';

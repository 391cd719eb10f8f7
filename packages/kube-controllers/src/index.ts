export { chosenControllers, type KubeControllerName } from './names.ts';
export { type KubeControllerOptions, type KubeControllers, startKubeControllers } from './start.ts';
export { LOCAL_PROVISIONER } from './volumes/provisioner.ts';

export {
  KUBE_CONTROLLERS,
  type KubeControllerName,
  type KubeControllerOptions,
  type KubeControllers,
  startKubeControllers,
} from './start.ts';
export { LOCAL_PROVISIONER } from './volumes/provisioner.ts';

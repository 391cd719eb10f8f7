/** How the volumes that workspaces share are made. */
export interface SharedVolumesConfig {
  /** The class of the volumes, one that several nodes can write to; the cluster's default if absent. */
  readonly storageClassName?: string;
  /** An image with a shell's `chown`: it hands a new volume to the user that environments run as. */
  readonly provisionerImage: string;
}

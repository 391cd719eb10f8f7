/** Where the disks of instances become images. */
export interface SnapshotsConfig {
  /** A registry to push images to; without one, an image is a volume of the laboratory and its templates are of the type LocalVM. */
  readonly registry?: SnapshotRegistry;
}

/** A registry for images of machines. */
export interface SnapshotRegistry {
  /** Host and path below which images are pushed. */
  readonly repository: string;
  /** A Secret of the snapshot's namespace with `.dockerconfigjson`. */
  readonly pushSecret: string;
  /** Turns a disk into `vm-snapshot.qcow2` and a recipe around it, below /img. */
  readonly exporterImage: string;
  /** Builds that recipe and pushes it. */
  readonly builderImage: string;
}

import { type Environment, isMachine, MYDRIVE_PATH } from '@crownlabs/api';

/** Where a container keeps what is its own, unless its template says another place. */
export const DATA_PATH = '/media/data';

/** Paths at which two volumes of an environment want to be. Whoever starts it would be refused in words for administrators. */
export function samePlaces({
  environmentType,
  sharedVolumeMounts = [],
  mountMyDriveVolume,
  containerStartupOptions,
}: Environment): string[] {
  const paths = [
    ...(isMachine({ environmentType }) ? [] : [containerStartupOptions?.contentPath ?? DATA_PATH]),
    ...(mountMyDriveVolume ? [MYDRIVE_PATH] : []),
    ...sharedVolumeMounts.map(({ mountPath }) => mountPath),
  ];
  return [...new Set(paths.filter((path, i) => paths.indexOf(path) !== i))];
}

/** Soon. */
export function DesktopPage({ at }: { at: { namespace: string; instance: string; environment: string } }) {
  return <h1>{at.instance}</h1>;
}

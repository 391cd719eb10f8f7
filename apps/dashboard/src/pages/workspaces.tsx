/** Soon. */
export function WorkspacesPage() {
  return <h1>workspaces</h1>;
}

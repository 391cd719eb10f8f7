/** Soon. */
export function PeoplePage() {
  return <h1>people</h1>;
}

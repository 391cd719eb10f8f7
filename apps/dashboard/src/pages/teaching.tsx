/** Soon. */
export function TeachingPage() {
  return <h1>teaching</h1>;
}

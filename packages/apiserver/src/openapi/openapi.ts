import { notServed } from '../not-served.ts';
import type { PathTable } from '../paths.ts';
import type { Registry } from '../registry.ts';

/** Registers the OpenAPI documents. */
export function addOpenApi(table: PathTable, _: Registry): void {
  table.add('/openapi/v3', () => notServed());
}

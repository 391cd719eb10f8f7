/** The closed list of causes of a 422, with the texts that clients show. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/validation/field */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTypeInvalid'
  | 'FieldValueTooShort'
  | 'InternalError';

/** One thing that is wrong with an object. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.ports[0].port`, map keys as `labels[key]`. */
  readonly field: string;
  /** Ready for a cause's `message`: `Invalid value: "x": must be …`, without the field. */
  readonly message: string;
}

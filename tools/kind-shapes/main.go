// Writes the shapes of the built-in kinds as JSON lines, one OpenAPI definition a line, and beside them the published descriptions.
// See ../kind-shapes.sh. Shapes are facts: names, types, formats, list and patch marks, and how an absent or zero field looks on the wire.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"crownlabs/kind-shapes/definitions"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type named interface{ OpenAPIModelName() string }

type shape struct {
	zero  map[string]json.RawMessage // what an absent field is written as
	omit  map[string]bool            // fields left out when they hold their zero value
	proto map[string]string          // numbers of fields in protobuf; two, `2.1`, where JSON has inlined a message
	kinds []map[string]string
}

var shapes = map[string]*shape{}

func modelName(t reflect.Type) string {
	if n, ok := reflect.New(t).Interface().(named); ok {
		return n.OpenAPIModelName()
	}
	return ""
}

func main() {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, networkingv1.AddToScheme, rbacv1.AddToScheme, storagev1.AddToScheme,
		policyv1.AddToScheme, autoscalingv1.AddToScheme, autoscalingv2.AddToScheme, discoveryv1.AddToScheme, coordinationv1.AddToScheme,
		eventsv1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme, admissionregistrationv1.AddToScheme,
		schedulingv1.AddToScheme, nodev1.AddToScheme, certificatesv1.AddToScheme, apiextensionsv1.AddToScheme, apiregistrationv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	for gvk, t := range scheme.AllKnownTypes() {
		visit(t)
		if s := shapes[modelName(t)]; s != nil && !strings.Contains(t.PkgPath(), "apimachinery") {
			s.kinds = append(s.kinds, map[string]string{"group": gvk.Group, "kind": gvk.Kind, "version": gvk.Version})
		}
	}
	for _, t := range []any{metav1.Status{}, metav1.APIResourceList{}, metav1.DeleteOptions{}, metav1.PartialObjectMetadata{}} {
		visit(reflect.TypeOf(t))
	}
	write()
}

func visit(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		visit(t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	name := modelName(t)
	if name == "" || shapes[name] != nil {
		return
	}
	s := &shape{zero: map[string]json.RawMessage{}, omit: map[string]bool{}, proto: map[string]string{}}
	shapes[name] = s
	if _, custom := reflect.New(t).Interface().(json.Marshaler); custom {
		return
	}
	fields(t, s, "")
}

func protoNumber(f reflect.StructField) string {
	parts := strings.Split(f.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func fields(t reflect.Type, s *shape, prefix string) {
	for i := range t.NumField() {
		f := t.Field(i)
		parts := strings.Split(f.Tag.Get("json"), ",")
		if parts[0] == "" && f.Anonymous {
			if f.Type != reflect.TypeOf(metav1.TypeMeta{}) && f.Type != reflect.TypeOf(runtime.TypeMeta{}) {
				inner := prefix
				if number := protoNumber(f); number != "" {
					inner = prefix + number + "."
				}
				fields(f.Type, s, inner)
			}
			continue
		}
		if parts[0] == "-" || parts[0] == "" {
			continue
		}
		visit(f.Type)
		if number := protoNumber(f); number != "" {
			s.proto[parts[0]] = prefix + number
		}
		has := func(option string) bool {
			for _, p := range parts[1:] {
				if p == option {
					return true
				}
			}
			return false
		}
		switch f.Type.Kind() {
		case reflect.Struct:
			if !has("omitzero") {
				encoded, err := json.Marshal(reflect.Zero(f.Type).Interface())
				if err == nil {
					s.zero[parts[0]] = encoded
				}
			}
		case reflect.Pointer:
			if !has("omitempty") && !has("omitzero") {
				s.zero[parts[0]] = json.RawMessage("null")
			}
		default:
			if has("omitempty") || has("omitzero") {
				s.omit[parts[0]] = true
			} else {
				encoded, _ := json.Marshal(reflect.Zero(f.Type).Interface())
				s.zero[parts[0]] = encoded
			}
		}
	}
}

func write() {
	all := definitions.GetOpenAPIDefinitions(func(path string) spec.Ref { return spec.MustCreateRef("#/components/schemas/" + path) })
	names := []string{}
	for name := range all {
		if shapes[name] != nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	out, words := create("shapes.jsonl"), create("descriptions.jsonl")
	defer out.Flush()
	defer words.Flush()
	for _, name := range names {
		encoded, err := json.Marshal(all[name].Schema)
		if err != nil {
			panic(err)
		}
		var tree map[string]any
		if err := json.Unmarshal(encoded, &tree); err != nil {
			panic(err)
		}
		delete(tree, "x-kubernetes-v2-schema")
		described(words, name, tree)
		plain, _ := strip(tree).(map[string]any)
		s := shapes[name]
		marks, _ := plain["properties"].(map[string]any)
		for field, node := range marks {
			property := node.(map[string]any)
			if zero, ok := s.zero[field]; ok {
				property["x-zero"] = zero
			} else if s.omit[field] {
				property["x-omit-zero"] = true
			}
		}
		for field, number := range s.proto {
			if property, ok := marks[field].(map[string]any); ok {
				property["x-proto"] = number
			}
		}
		if len(s.kinds) > 0 {
			sort.Slice(s.kinds, func(a, b int) bool {
				return s.kinds[a]["group"]+s.kinds[a]["version"] < s.kinds[b]["group"]+s.kinds[b]["version"]
			})
			plain["x-kubernetes-group-version-kind"] = s.kinds
		}
		line, err := json.Marshal(plain)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(out, "%s\t%s\n", name, line)
	}
}

func create(name string) *bufio.Writer {
	file, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	return bufio.NewWriter(file)
}

// The description of a definition under "", those of its fields by name.
func described(out *bufio.Writer, name string, tree map[string]any) {
	texts := map[string]any{}
	if text, ok := tree["description"].(string); ok && text != "" {
		texts[""] = text
	}
	properties, _ := tree["properties"].(map[string]any)
	for field, node := range properties {
		if text, ok := node.(map[string]any)["description"].(string); ok && text != "" {
			texts[field] = text
		}
	}
	line, err := json.Marshal(texts)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(out, "%s\t%s\n", name, line)
}

// Leaves out descriptions, which are prose, but not properties that happen to have that name.
func strip(node any) any {
	switch it := node.(type) {
	case []any:
		for i := range it {
			it[i] = strip(it[i])
		}
	case map[string]any:
		if text, ok := it["description"].(string); ok && text != "" {
			delete(it, "description")
		}
		for key, value := range it {
			if key == "properties" {
				for _, property := range value.(map[string]any) {
					strip(property)
				}
				continue
			}
			it[key] = strip(value)
		}
	}
	return node
}

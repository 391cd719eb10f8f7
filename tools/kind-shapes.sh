#!/bin/sh
# Regenerates packages/apiserver/src/kinds/generated/: the shapes of the built-in kinds of one Kubernetes version, and their descriptions.
# Source: the Go modules k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator (Apache-2.0), read with their own
# generator, k8s.io/kube-openapi. Needs Go and Node. No code of theirs enters the tree.
set -eu
version=${1:-v0.36.6}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/kind-shapes/main.go" "$here/kind-shapes/go.mod" "$work/"
cd "$work"
export GOFLAGS=-mod=mod
for module in api apimachinery apiextensions-apiserver kube-aggregator; do go get "k8s.io/$module@$version"; done
go get k8s.io/kube-openapi/cmd/openapi-gen
packages="k8s.io/apimachinery/pkg/apis/meta/v1 k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/version k8s.io/apimachinery/pkg/util/intstr
  k8s.io/apimachinery/pkg/api/resource k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1 k8s.io/kube-aggregator/pkg/apis/apiregistration/v1
  k8s.io/api/autoscaling/v2"
for group in core apps batch networking rbac storage policy autoscaling discovery coordination events authentication authorization \
  admissionregistration scheduling node certificates; do
  packages="$packages k8s.io/api/$group/v1"
done
# shellcheck disable=SC2086
nice go run k8s.io/kube-openapi/cmd/openapi-gen --output-dir definitions --output-pkg crownlabs/kind-shapes/definitions \
  --output-file definitions.go --report-filename report.txt --go-header-file /dev/null $packages
nice go run .
out="$here/../packages/apiserver/src/kinds/generated"
cp shapes.jsonl "$out/"
node -e 'const { brotliCompressSync } = require("node:zlib"); const { readFileSync, writeFileSync } = require("node:fs");
writeFileSync(process.argv[1], brotliCompressSync(readFileSync("descriptions.jsonl")));' "$out/descriptions.jsonl.br"
wc -c "$out"/*

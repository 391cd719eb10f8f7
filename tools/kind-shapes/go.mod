module crownlabs/kind-shapes

go 1.26

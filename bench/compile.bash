# What the benches of src/learning share; sourced, from the top of the source tree.

# compile_driver SOURCE PROGRAM: with the flags of the makefile for src/learning, and the serial OpenBLAS
compile_driver() {
	local multiarch
	multiarch=$(${CC:-cc} -print-multiarch)
	${CC:-cc} -std=gnu11 -O3 -ftree-vectorize -fassociative-math -fno-signed-zeros -fno-trapping-math \
		-Isrc -isystem "/usr/include/$multiarch/openblas-serial" "$1" src/learning/*.c \
		"/usr/lib/$multiarch/openblas-serial/libopenblas.a" -lm -o "$2"
}

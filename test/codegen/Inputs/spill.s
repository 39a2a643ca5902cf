# A loop of products with one spill, for the negative half of no-spills.py.
.L:
	vmovups	64(%rsp), %zmm1
	vfmadd231ps	%zmm1, %zmm2, %zmm3
	jne	.L

# Exponentials with 16 registers, for the negative half of no-spills.py: an operand that is read
# from the stack is none, what is stored or loaded there is.
.Loperand:
	vsubps	320(%rsp), %ymm4, %ymm5
	vpslld	$23, %ymm5, %ymm6
	vfmadd231ps	%ymm1, %ymm2, %ymm3
	jne	.Loperand
.Lstore:
	vmovups	%ymm1, 64(%rsp)
	vpslld	$23, %ymm5, %ymm6
	vfmadd231ps	%ymm1, %ymm2, %ymm3
	jne	.Lstore
.Lreload:
	vmovups	64(%rsp), %ymm1
	vpslld	$23, %ymm5, %ymm6
	vfmadd231ps	%ymm1, %ymm2, %ymm3
	jne	.Lreload
.Lproducts:
	vfmadd231ps	%ymm1, %ymm2, %ymm3
	jne	.Lproducts

autocmd BufNewFile,BufRead *.ff set filetype=functionfuse
autocmd BufNewFile,BufRead * if getline(1) =~# '^#!.*\<ffrun\>' | set filetype=functionfuse | endif

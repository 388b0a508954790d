autocmd BufNewFile,BufRead *.ff setfiletype functionfuse
autocmd BufNewFile,BufRead * if getline(1) =~# '^#!.*\<ffrun\>' | setfiletype functionfuse | endif

" Vim syntax file for FunctionFuse scripts.
" Written from editors/templates/functionfuse.vim: change that one, then regenerate (CONTRIBUTING.md).

if exists('b:current_syntax')
  finish
endif

syntax case match
syntax sync minlines=50

" Names
syntax match ffKey /\<\h\w*\ze\s*:/ contained
syntax match ffCall /\<\h\w*\ze\s*(/
syntax match ffBuiltin /\<\%(@@operators@@\)\>\ze\s*(/
syntax match ffPipe /|>/ nextgroup=ffPipedBuiltin,ffPipedCall skipwhite
syntax match ffPipedCall /\h\w*/ contained
syntax match ffPipedBuiltin /\<\%(@@operators@@\)\>/ contained
syntax match ffMember /\.\@<!\.\h\w*/
syntax match ffAttribute /@\h\w*/

" Keywords, by kind
syntax keyword ffDeclaration @@keywords.declaration@@
syntax match ffDeclaration /^\s*\%(stencil\|reducer\)\ze\s\+\h\w*\s*(/
syntax keyword ffAction @@keywords.action@@
syntax keyword ffWordOperator @@keywords.operator@@
syntax keyword ffConditional @@keywords.conditional@@
syntax keyword ffConstant @@keywords.constant@@
syntax keyword ffType @@dtypes@@
syntax match ffDefinition /\%(\<\%(fn\|stencil\|reducer\)\s\+\)\@<=\h\w*/
syntax match ffVariable /\%(\<\%(let\|param\|source\|storage\)\s\+\)\@<=\h\w*/
syntax match ffFormat /\%(\<\%(source\|storage\)\s\+\h\w*\s*=\s*\)\@<=\h\w*\ze\s*(/
syntax match ffFormat /\%(\<to\s\+\)\@<=\h\w*\ze\s*(/

" Operators
syntax match ffOperator /\.\.<\?\|\*\*\|\/\/\|<<\|>>\|[=!<>]=\||>\@!\|[-+*\/%^&~<>=]/
syntax match ffStep /\%([0-9A-Za-z_)\]]\s\+\)\@<=step\ze\s\+[0-9A-Za-z_(-]/

" Literals
syntax match ffNumber /\<\d[0-9_]*\>/
syntax match ffFloat /\<\d[0-9_]*\%(\.\d[0-9_]*\%([eE][-+]\?\d\+\)\?\|[eE][-+]\?\d\+\)\>/
syntax match ffNumber /\<0x[0-9A-Fa-f_]\+\>/
syntax match ffSize /\<\d[0-9_]*\%(\.\d\+\)\?\%(@@units.size@@\)\>/
syntax match ffDuration /\<\d[0-9_]*\%(\.\d\+\)\?\%(@@units.duration@@\)\>/
syntax match ffEscape /\\[nt"\\]\|\\u{\x\{1,6}}\|{{\|}}/ contained
syntax region ffInterpolation matchgroup=ffDelimiter start=/{{\@!/ end=/}/ contained contains=TOP
syntax region ffString start=/"/ skip=/\\./ end=/"/ contains=ffEscape,ffInterpolation
syntax match ffRegex /\%(\<persist\s\+\|,\s*\)\@<=\/\%(\\.\|[^\/\\]\)*\// contains=ffRegexEscape
syntax match ffRegexEscape /\\./ contained

" Arguments and record keys
syntax region ffBracket matchgroup=ffDelimiter start=/(/ end=/)/ transparent contains=ALLBUT,ffPipedBuiltin,ffPipedCall,ffEscape,ffInterpolation,ffRegexEscape
syntax region ffBracket matchgroup=ffDelimiter start=/\[/ end=/\]/ transparent contains=ALLBUT,ffPipedBuiltin,ffPipedCall,ffEscape,ffInterpolation,ffRegexEscape
syntax region ffBracket matchgroup=ffDelimiter start=/{/ end=/}/ transparent contains=ALLBUT,ffPipedBuiltin,ffPipedCall,ffEscape,ffInterpolation,ffRegexEscape

" Comments
syntax match ffComment /#.*$/ contains=@Spell
syntax match ffDocComment /###\@!.*$/ contains=@Spell
syntax match ffShebang /\%^#!.*$/

highlight default link ffKey Identifier
highlight default link ffCall Function
highlight default link ffBuiltin Function
highlight default link ffPipedCall Function
highlight default link ffPipedBuiltin Function
highlight default link ffPipe Operator
highlight default link ffMember Identifier
highlight default link ffAttribute PreProc
highlight default link ffDeclaration Keyword
highlight default link ffAction Statement
highlight default link ffWordOperator Operator
highlight default link ffConditional Conditional
highlight default link ffConstant Constant
highlight default link ffType Type
highlight default link ffDefinition Function
highlight default link ffVariable Identifier
highlight default link ffFormat Special
highlight default link ffOperator Operator
highlight default link ffStep Operator
highlight default link ffNumber Number
highlight default link ffFloat Float
highlight default link ffSize Number
highlight default link ffDuration Number
highlight default link ffEscape SpecialChar
highlight default link ffString String
highlight default link ffRegex String
highlight default link ffRegexEscape SpecialChar
highlight default link ffDelimiter Delimiter
highlight default link ffComment Comment
highlight default link ffDocComment SpecialComment
highlight default link ffShebang PreProc

let b:current_syntax = 'functionfuse'

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
syntax match ffBuiltin /\<\%(random\.standard_cauchy\|cumulative_integrate\|random\.exponential\|random\.permutation\|percentile_filter\|random\.standard_t\|random\.triangular\|ravel_multi_index\|broadcast_arrays\|convert_calendar\|random\.chisquare\|random\.geometric\|random\.lognormal\|solve_triangular\|interp_calendar\|random\.binomial\|random\.integers\|random\.logistic\|random\.rayleigh\|interpolate_na\|maximum_filter\|minimum_filter\|random\.laplace\|random\.poisson\|random\.uniform\|random\.weibull\|assign_coords\|combine_first\|differentiate\|median_filter\|random\.choice\|random\.gumbel\|random\.normal\|random\.pareto\|unravel_index\|groupby_bins\|random\.gamma\|reindex_like\|reset_coords\|searchsorted\|drop_coords\|dt\.strftime\|expand_dims\|flatnonzero\|float_power\|histogram2d\|histogramdd\|interp_like\|interpolate\|logical_and\|logical_not\|logical_xor\|random\.beta\|rolling_exp\|select_vars\|atleast_1d\|atleast_2d\|atleast_3d\|cumulative\|logaddexp2\|logical_or\|nan_to_num\|percentile\|reciprocal\|set_coords\|with_attrs\|zeros_like\|aggregate\|anomalies\|broadcast\|construct\|count_nan\|drop_vars\|full_like\|histogram\|ifftshift\|integrate\|iscomplex\|logaddexp\|nextafter\|ones_like\|piecewise\|swap_dims\|tensordot\|transpose\|allclose\|argwhere\|bincount\|bitround\|cholesky\|compress\|convolve\|copysign\|corrcoef\|diagonal\|digitize\|dt\.floor\|dt\.round\|fftshift\|floordiv\|gaussian\|gradient\|isfinite\|isneginf\|isposinf\|kurtosis\|linspace\|meshgrid\|moveaxis\|positive\|quantile\|quantize\|resample\|rfftfreq\|rollaxis\|swapaxes\|argsort\|argtopk\|average\|bit_and\|bit_xor\|coarsen\|cumprod\|degrees\|detrend\|dt\.ceil\|ediff1d\|extract\|fftfreq\|flatten\|groupby\|indices\|isclose\|laplace\|maximum\|minimum\|nearest\|nonzero\|notnull\|polyfit\|polyval\|radians\|rechunk\|reindex\|reshape\|rolling\|signbit\|spacing\|squeeze\|uniform\|union1d\|unstack\|append\|arange\|argmax\|argmin\|asfreq\|assign\|bit_or\|blocks\|choose\|concat\|cummax\|cummin\|cumsum\|decode\|delete\|dilate\|divmod\|dropna\|dstack\|einsum\|encode\|fillna\|hstack\|idxmax\|idxmin\|insert\|interp\|invert\|irfft2\|irfftn\|isnull\|isreal\|matmul\|median\|moment\|rename\|repeat\|select\|sortby\|square\|unique\|vstack\|acosh\|align\|angle\|asinh\|atan2\|atanh\|bfill\|block\|count\|cross\|erode\|expm1\|ffill\|first\|floor\|frexp\|hypot\|ifft2\|ifftn\|ihfft\|irfft\|isinf\|isnan\|ldexp\|log10\|log1p\|lstsq\|merge\|outer\|ravel\|rfft2\|rfftn\|rot90\|round\|shift\|sobel\|solve\|stack\|trace\|trunc\|zeros\|acos\|asin\|atan\|bins\|cast\|cbrt\|ceil\|clip\|conj\|corr\|cosh\|diag\|diff\|eigh\|exp2\|fabs\|fft2\|fftn\|flip\|fmax\|fmin\|fmod\|full\|head\|hfft\|ifft\|imag\|isel\|isin\|last\|log2\|mean\|mode\|modf\|norm\|ones\|prod\|push\|rank\|real\|rfft\|rint\|roll\|sign\|sinc\|sinh\|skew\|sort\|sqrt\|tail\|take\|tanh\|thin\|tile\|topk\|tril\|triu\|vdot\|abs\|add\|all\|any\|cos\|cov\|det\|div\|dot\|exp\|eye\|fft\|fix\|inv\|log\|max\|min\|mod\|mul\|neg\|pad\|pow\|ptp\|sel\|shl\|shr\|sin\|std\|sub\|sum\|svd\|tan\|tri\|var\|eq\|ge\|gt\|i0\|le\|lt\|lu\|ne\|qr\)\>\ze\s*(/
syntax match ffPipe /|>/ nextgroup=ffPipedBuiltin,ffPipedCall skipwhite
syntax match ffPipedCall /\h\w*/ contained
syntax match ffPipedBuiltin /\<\%(random\.standard_cauchy\|cumulative_integrate\|random\.exponential\|random\.permutation\|percentile_filter\|random\.standard_t\|random\.triangular\|ravel_multi_index\|broadcast_arrays\|convert_calendar\|random\.chisquare\|random\.geometric\|random\.lognormal\|solve_triangular\|interp_calendar\|random\.binomial\|random\.integers\|random\.logistic\|random\.rayleigh\|interpolate_na\|maximum_filter\|minimum_filter\|random\.laplace\|random\.poisson\|random\.uniform\|random\.weibull\|assign_coords\|combine_first\|differentiate\|median_filter\|random\.choice\|random\.gumbel\|random\.normal\|random\.pareto\|unravel_index\|groupby_bins\|random\.gamma\|reindex_like\|reset_coords\|searchsorted\|drop_coords\|dt\.strftime\|expand_dims\|flatnonzero\|float_power\|histogram2d\|histogramdd\|interp_like\|interpolate\|logical_and\|logical_not\|logical_xor\|random\.beta\|rolling_exp\|select_vars\|atleast_1d\|atleast_2d\|atleast_3d\|cumulative\|logaddexp2\|logical_or\|nan_to_num\|percentile\|reciprocal\|set_coords\|with_attrs\|zeros_like\|aggregate\|anomalies\|broadcast\|construct\|count_nan\|drop_vars\|full_like\|histogram\|ifftshift\|integrate\|iscomplex\|logaddexp\|nextafter\|ones_like\|piecewise\|swap_dims\|tensordot\|transpose\|allclose\|argwhere\|bincount\|bitround\|cholesky\|compress\|convolve\|copysign\|corrcoef\|diagonal\|digitize\|dt\.floor\|dt\.round\|fftshift\|floordiv\|gaussian\|gradient\|isfinite\|isneginf\|isposinf\|kurtosis\|linspace\|meshgrid\|moveaxis\|positive\|quantile\|quantize\|resample\|rfftfreq\|rollaxis\|swapaxes\|argsort\|argtopk\|average\|bit_and\|bit_xor\|coarsen\|cumprod\|degrees\|detrend\|dt\.ceil\|ediff1d\|extract\|fftfreq\|flatten\|groupby\|indices\|isclose\|laplace\|maximum\|minimum\|nearest\|nonzero\|notnull\|polyfit\|polyval\|radians\|rechunk\|reindex\|reshape\|rolling\|signbit\|spacing\|squeeze\|uniform\|union1d\|unstack\|append\|arange\|argmax\|argmin\|asfreq\|assign\|bit_or\|blocks\|choose\|concat\|cummax\|cummin\|cumsum\|decode\|delete\|dilate\|divmod\|dropna\|dstack\|einsum\|encode\|fillna\|hstack\|idxmax\|idxmin\|insert\|interp\|invert\|irfft2\|irfftn\|isnull\|isreal\|matmul\|median\|moment\|rename\|repeat\|select\|sortby\|square\|unique\|vstack\|acosh\|align\|angle\|asinh\|atan2\|atanh\|bfill\|block\|count\|cross\|erode\|expm1\|ffill\|first\|floor\|frexp\|hypot\|ifft2\|ifftn\|ihfft\|irfft\|isinf\|isnan\|ldexp\|log10\|log1p\|lstsq\|merge\|outer\|ravel\|rfft2\|rfftn\|rot90\|round\|shift\|sobel\|solve\|stack\|trace\|trunc\|zeros\|acos\|asin\|atan\|bins\|cast\|cbrt\|ceil\|clip\|conj\|corr\|cosh\|diag\|diff\|eigh\|exp2\|fabs\|fft2\|fftn\|flip\|fmax\|fmin\|fmod\|full\|head\|hfft\|ifft\|imag\|isel\|isin\|last\|log2\|mean\|mode\|modf\|norm\|ones\|prod\|push\|rank\|real\|rfft\|rint\|roll\|sign\|sinc\|sinh\|skew\|sort\|sqrt\|tail\|take\|tanh\|thin\|tile\|topk\|tril\|triu\|vdot\|abs\|add\|all\|any\|cos\|cov\|det\|div\|dot\|exp\|eye\|fft\|fix\|inv\|log\|max\|min\|mod\|mul\|neg\|pad\|pow\|ptp\|sel\|shl\|shr\|sin\|std\|sub\|sum\|svd\|tan\|tri\|var\|eq\|ge\|gt\|i0\|le\|lt\|lu\|ne\|qr\)\>/ contained
syntax match ffMember /\.\@<!\.\h\w*/
syntax match ffAttribute /@\h\w*/

" Keywords, by kind
syntax keyword ffDeclaration storage source param plan let fn
syntax match ffDeclaration /^\s*\%(stencil\|reducer\)\ze\s\+\h\w*\s*(/
syntax keyword ffAction persist assert import print sink to
syntax keyword ffWordOperator where and not as in or
syntax keyword ffConditional else then for if
syntax keyword ffConstant false none true inf nan
syntax keyword ffType datetime duration bool c128 c64 f16 f32 f64 i16 i32 i64 str u16 u32 u64 i8 u8
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
syntax match ffSize /\<\d[0-9_]*\%(\.\d\+\)\?\%(GiB\|KiB\|MiB\|TiB\|GB\|KB\|MB\|TB\|kB\|B\)\>/
syntax match ffDuration /\<\d[0-9_]*\%(\.\d\+\)\?\%(min\|mo\|ms\|us\|d\|h\|s\|w\|y\)\>/
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

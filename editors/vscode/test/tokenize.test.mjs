// Highlighting: each form of the syntax has its scopes, and nothing that the project ships is left without any.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { extension, loadGrammar, tokenize } from './tokenizer.mjs'

const root = path.join(extension, '..', '..')
const grammar = await loadGrammar()

// A line, then the text of tokens in order with the innermost scope expected of each.
const forms = [
  ['#!/usr/bin/env ffrun', ['#!/usr/bin/env ffrun', 'comment.line.shebang']],
  ['# why', ['#', 'punctuation.definition.comment'], [' why', 'comment.line.number-sign']],
  ['## what', [' what', 'comment.line.documentation']],
  ['### not a doc comment', ['## not a doc comment', 'comment.line.number-sign']],
  ['param first: int = 1_991 ## year',
    ['param', 'keyword.declaration'], ['first', 'variable.other.declaration'], ['int', 'support.type'],
    ['=', 'keyword.operator.assignment'], ['1_991', 'constant.numeric.integer'], [' year', 'comment.line.documentation']],
  ['param levels: [float] = [1.5e-3, 0xff]',
    ['float', 'support.type'], ['1.5e-3', 'constant.numeric.float'], ['0xff', 'constant.numeric.hex']],
  ['plan { memory: 2GiB, threads: 4 }',
    ['plan', 'keyword.declaration'], ['memory', 'variable.parameter.named'], ['2', 'constant.numeric.size'],
    ['GiB', 'keyword.other.unit'], ['threads', 'variable.parameter.named']],
  ['storage r = s3("s3://b/p") { array: zarr {codec: zstd(9)} }',
    ['storage', 'keyword.declaration'], ['r', 'variable.other.declaration'], ['s3', 'support.function.format'],
    ['s3://b/p', 'string.quoted.double'], ['array', 'variable.parameter.named'], ['zstd', 'entity.name.function.call']],
  ['source era = hdf5("a.h5", "/grp/x") { dims: [t, y] }',
    ['source', 'keyword.declaration'], ['era', 'variable.other.declaration'], ['hdf5', 'support.function.format'],
    ['dims', 'variable.parameter.named'], ['t', 'variable.other.readwrite']],
  ['let x: f32[time, lat=73] = era.t2m',
    ['let', 'keyword.declaration'], ['x', 'variable.other.declaration'], ['f32', 'support.type'],
    ['time', 'variable.other.dimension'], ['lat', 'variable.other.dimension'], ['73', 'constant.numeric.integer'],
    ['=', 'keyword.operator.assignment'], ['era', 'variable.other.readwrite'], ['t2m', 'variable.other.member']],
  ['let größe = größe_alt', ['größe', 'variable.other.declaration'], ['größe_alt', 'variable.other.readwrite']],
  ['fn anomaly(x: f32[time, lat], base: int = sel(1, 2), k) = x - base',
    ['fn', 'keyword.declaration.function'], ['anomaly', 'entity.name.function'], ['x', 'variable.parameter'],
    ['f32', 'support.type'], ['lat', 'variable.other.dimension'], ['base', 'variable.parameter'], ['int', 'support.type'],
    ['sel', 'support.function.builtin'], ['2', 'constant.numeric.integer'], ['k', 'variable.parameter'],
    ['x', 'variable.other.readwrite'], ['-', 'keyword.operator.arithmetic']],
  ['fn f(x) = { let m = mean(x); x - m }',
    ['let', 'keyword.declaration'], ['m', 'variable.other.declaration'], [';', 'punctuation.terminator']],
  ['let a = b |> sel(lat, weights: isel(c)) |> mine |> lib.scale(2)',
    ['|>', 'keyword.operator.pipe'], ['sel', 'support.function.builtin'], ['lat', 'variable.other.readwrite'],
    ['weights', 'variable.parameter.named'], [':', 'punctuation.separator.key-value'], ['isel', 'support.function.builtin'],
    ['mine', 'entity.name.function.call'], ['lib', 'entity.name.namespace'],
    ['scale', 'entity.name.function.call']],
  ['  |> isel', ['|>', 'keyword.operator.pipe'], ['isel', 'support.function.builtin']],
  ['let b = mine(a) + lib.theirs(a) + sel',
    ['mine', 'entity.name.function.call'], ['theirs', 'entity.name.function.call'], ['sel', 'variable.other.readwrite']],
  ['persist clim, /^clim_[0-9]+\\/x/ to results',
    ['persist', 'keyword.control.action'], ['clim', 'variable.other.readwrite'], ['clim_', 'string.regexp'],
    ['[0-9]', 'constant.other.character-class.set.regexp'], ['+', 'keyword.operator.quantifier.regexp'],
    ['\\/', 'constant.character.escape'], ['to', 'keyword.control.action'], ['results', 'variable.other.readwrite']],
  ['sink {t: anom} to zarr("a.zarr") { chunks: {time: 12}, mode: overwrite }',
    ['sink', 'keyword.control.action'], ['t', 'variable.parameter.named'], ['to', 'keyword.control.action'],
    ['zarr', 'support.function.format'], ['chunks', 'variable.parameter.named'], ['time', 'variable.parameter.named']],
  ['print x |> std(), "n = {n + 1:}"', ['print', 'keyword.control.action'], ['n', 'variable.other.readwrite']],
  ['assert sel(c) == 0, "holes"',
    ['assert', 'keyword.control.action'], ['sel', 'support.function.builtin'], ['==', 'keyword.operator.comparison'],
    ['holes', 'string.quoted.double']],
  ['import "lib.ff" as lib # theirs',
    ['import', 'keyword.control.import'], ['lib.ff', 'string.quoted.double'], ['as', 'keyword.control.import'],
    ['lib', 'entity.name.namespace'], [' theirs', 'comment.line.number-sign']],
  ['let s = "{first}-01 {{x}} \\n\\u{e9}\\q {a["t"] + 1}"',
    ['{', 'punctuation.section.interpolation.begin'], ['first', 'variable.other.readwrite'],
    ['}', 'punctuation.section.interpolation.end'], ['-01 ', 'string.quoted.double'], ['{{', 'constant.character.escape'],
    ['}}', 'constant.character.escape'], ['\\n', 'constant.character.escape'], ['\\u{e9}', 'constant.character.escape'],
    ['\\q', 'invalid.illegal.escape'], ['t', 'string.quoted.double'], ['+', 'keyword.operator.arithmetic'],
    ['"', 'punctuation.definition.string.end']],
  ['let d = [30s, 15min, 6h, 1d, 2w, 1mo, 1y]',
    ['30', 'constant.numeric.duration'], ['s', 'keyword.other.unit'], ['min', 'keyword.other.unit'], ['mo', 'keyword.other.unit']],
  ['let bad = 12parsecs', ['12parsecs', 'invalid.illegal.number']],
  ['let y = x[time: 0..<24, lat: (0..<100) step 2, lon: 60..-30]',
    ['time', 'variable.parameter.named'], ['0', 'constant.numeric.integer'], ['..<', 'keyword.operator.range'],
    ['24', 'constant.numeric.integer'], ['step', 'keyword.operator.range'], ['60', 'constant.numeric.integer'],
    ['..', 'keyword.operator.range'], ['-', 'keyword.operator.arithmetic']],
  ['let y = x[0..<24, .., 10] where not sel(x) and x >= 0 or k in [1]',
    ['..', 'keyword.operator.range'], ['where', 'keyword.operator.word'], ['not', 'keyword.operator.word'],
    ['sel', 'support.function.builtin'], ['and', 'keyword.operator.word'], ['>=', 'keyword.operator.comparison'],
    ['or', 'keyword.operator.word'], ['in', 'keyword.operator.word']],
  ['let y = where(c, a, b) + (x where (x > 0))',
    ['where', 'support.function.builtin'], ['where', 'keyword.operator.word'], ['>', 'keyword.operator.comparison']],
  ['let y = if n > 3 then [f(k) for k in 0..<4] else none',
    ['if', 'keyword.control.conditional'], ['then', 'keyword.control.conditional'], ['for', 'keyword.control.conditional'],
    ['in', 'keyword.operator.word'], ['else', 'keyword.control.conditional'], ['none', 'constant.language']],
  ['let y = a ** 2 // 3 % b | c ^ d & ~e << 1',
    ['**', 'keyword.operator.arithmetic'], ['//', 'keyword.operator.arithmetic'], ['%', 'keyword.operator.arithmetic'],
    ['|', 'keyword.operator.bitwise'], ['^', 'keyword.operator.bitwise'], ['&', 'keyword.operator.bitwise'],
    ['~', 'keyword.operator.bitwise'], ['<<', 'keyword.operator.bitwise']],
  ['let y = x@units == "K" or x.time.month != nan',
    ['@', 'punctuation.definition.attribute'], ['units', 'entity.other.attribute-name'], ['time', 'variable.other.member'],
    ['month', 'variable.other.member'], ['nan', 'constant.language']],
  ['let y = x as f32 + zeros([4], dtype: i16)',
    ['as', 'keyword.operator.cast'], ['f32', 'support.type'], ['i16', 'support.type']],
  ['let y = {where: 1, "long name": 2}.where',
    ['where', 'variable.parameter.named'], ['long name', 'string.quoted.double'], [':', 'punctuation.separator'],
    ['where', 'variable.other.member']],
]

for (const [line, ...expected] of forms) {
  test(`form: ${line}`, () => {
    const tokens = tokenize(grammar, line)
    let from = 0
    for (const [text, scope] of expected) {
      const found = tokens.findIndex((token, i) => i >= from && token.text === text && token.scopes.at(-1) === scope)
      const shown = tokens.slice(from).map(token => `${JSON.stringify(token.text)} ${token.scopes.at(-1)}`).join('\n  ')
      assert.notEqual(found, -1, `no ${JSON.stringify(text)} with ${scope} in\n  ${shown}`)
      from = found + 1
    }
  })
}

test('a string and an interpolation end with their line', () => {
  const tokens = tokenize(grammar, 'let a = "open {x\nlet b = 1')
  assert.deepEqual(tokens.find(token => token.line === 2).scopes, ['keyword.declaration'])
})

test('a persist list goes on after a comma', () => {
  const tokens = tokenize(grammar, 'persist a,\n  /b.*/ to r\nlet c = 1')
  assert.ok(tokens.find(token => token.text === 'b.' || token.text === 'b').scopes.includes('string.regexp'))
  assert.deepEqual(tokens.find(token => token.text === 'let').scopes, ['keyword.declaration'])
})

/// The files with an extension in a folder of the project and below.
function files(folder, ending) {
  const from = path.join(root, folder)
  if (!existsSync(from)) return []
  return readdirSync(from, { withFileTypes: true, recursive: true })
    .map(entry => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter(name => name.endsWith(ending) && !name.includes('node_modules'))
    .sort()
}

const scripts = [...files('examples', '.ff'), ...files('tests/cases/parse', '.ff')].map(name => ({
  name,
  text: readFileSync(path.join(root, name), 'utf8'),
}))

for (const name of ['README.md', 'ARCHITECTURE.md', ...files('docs', '.md')].filter(n => existsSync(path.join(root, n)))) {
  const blocks = readFileSync(path.join(root, name), 'utf8').matchAll(/^```ff\b.*\n([^]*?)^```/gm)
  let number = 0
  for (const [, text] of blocks) scripts.push({ name: `${name}, block ${++number}`, text })
}

for (const { name, text } of scripts) {
  test(`nothing plain or invalid: ${name}`, () => {
    const wrong = tokenize(grammar, text)
      .filter(token => !token.scopes.some(scope => /^(comment|constant|entity|keyword|punctuation|string|support|variable)\b/.test(scope))
        || token.scopes.some(scope => scope.startsWith('invalid')))
      .map(token => `${token.line}: ${JSON.stringify(token.text)} ${token.scopes.join(' ') || 'plain'}`)
    assert.deepEqual(wrong, [])
  })
}

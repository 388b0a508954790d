// Tokens of `.ff` text as VS Code would see them.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const extension = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

// The packages may be installed outside the clone (FF_NODE_MODULES, scripts/setup.sh).
const modules = process.env.FF_NODE_MODULES ?? path.join(extension, 'node_modules')
const require = createRequire(path.join(modules, '_'))
const textmate = require('vscode-textmate')
const oniguruma = require('vscode-oniguruma')

const grammarFile = path.join(extension, 'syntaxes', 'functionfuse.tmLanguage.json')

export async function loadGrammar() {
  await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')))
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
      createOnigString: text => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(grammarFile, 'utf8'), grammarFile),
  })
  return registry.loadGrammar('source.functionfuse')
}

/// All tokens that are not blank: `{ line, text, scopes }`, the scopes without the grammar's own and its suffix.
export function tokenize(grammar, text) {
  let state = textmate.INITIAL
  return text.split('\n').flatMap((line, number) => {
    const result = grammar.tokenizeLine(line, state)
    state = result.ruleStack
    return result.tokens
      .map(({ startIndex, endIndex, scopes }) => ({
        line: number + 1,
        text: line.slice(startIndex, endIndex),
        scopes: scopes.filter(scope => scope !== 'source.functionfuse').map(scope => scope.replace(/\.functionfuse$/, '')),
      }))
      .filter(token => token.text.trim() !== '')
  })
}

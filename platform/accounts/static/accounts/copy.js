// A button that copies the value of a field: <button data-copy="id of the field" data-copied="words afterwards" hidden>.
// It shows itself where the browser can copy; without JavaScript the field can be selected by hand.

if (navigator.clipboard && window.isSecureContext) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const field = document.getElementById(button.dataset.copy)
    const label = button.querySelector('.kern-label')
    const status = document.getElementById('live-status')
    button.hidden = false
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(field.value)
      label.textContent = button.dataset.copied
      status.textContent = button.dataset.copied
    })
  }
}

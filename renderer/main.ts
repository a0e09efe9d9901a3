// The page's beginning: connects to the main side and puts the app on the page.
import './client/jitless.ts';
import { mount } from 'svelte';
import App from './App.svelte';
import { connect } from './client/client.ts';
import './styles/tokens.css';
import './styles/base.css';

const target = document.querySelector('#app');
if (target === null) throw new Error('The page has no place for the app.');
mount(App, { target, props: { client: connect() } });

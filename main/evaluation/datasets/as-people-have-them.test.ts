// Label tables and folders as archives, spreadsheets and other systems make them: each that was ever met, read or
// refused with words that help.
import { describe, expect, it } from 'vitest';
import { isicClasses } from '../../contract/settings.ts';
import { refusalOf, temporaryFolder } from '../testing/sets.ts';
import { alignClasses, openDataset } from './datasets.ts';
import type { LabelledSet } from './labelled-set.ts';

/** Opens a table over images of these names, for a model of the seven classes. */
async function opened(table: string | Uint8Array, images: readonly string[], name = 'labels.csv') {
  const files = Object.fromEntries(images.map((image) => [`photos/${image}`, '']));
  const folder = temporaryFolder({ ...files, [name]: table });
  const set = await openDataset({ images: `${folder}/photos`, labels: `${folder}/${name}`, lesions: null });
  return alignClasses(set, isicClasses);
}
const contents = (set: LabelledSet) =>
  set.items.map((item) => [item.id, set.classes[item.label], item.lesion]);
const files = (set: LabelledSet) =>
  set.items.map(({ image }) => image.path.slice(image.path.indexOf('/photos/') + '/photos/'.length));
const problemsOf = (set: LabelledSet) =>
  Object.fromEntries(set.problems.map(({ code, subjects }) => [code, subjects]));
const lines = (...rows: readonly string[]) => rows.join('\n');

describe('tables of public sets', () => {
  it('ISIC 2019: AK counts as AKIEC, SCC and UNK are listed', async () => {
    const table = lines(
      'image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK',
      'ISIC_9000001,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0',
      'ISIC_9000002_downsampled,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0',
      'ISIC_9000003,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0',
      'ISIC_9000004,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0',
      'ISIC_9000005,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0',
    );
    const names = [1, 3, 4, 5].map((index) => `ISIC_900000${index}.jpg`);
    const set = await opened(table, [...names, 'ISIC_9000002_downsampled.jpg']);
    expect(contents(set)).toEqual([
      ['ISIC_9000001', 'MEL', null],
      ['ISIC_9000002_downsampled', 'NV', null],
      ['ISIC_9000003', 'AKIEC', null],
    ]);
    const unknown = set.problems.filter(({ code }) => code === 'CLASS_UNKNOWN');
    expect(unknown.flatMap(({ subjects }) => subjects)).toEqual([
      'ISIC_9000004: SCC',
      'ISIC_9000005 (line 6): UNK',
    ]);
    expect(problemsOf(set).CLASS_SYNONYM).toEqual(['AK as AKIEC']);
  });

  it('the ISIC Archive: from what was found up to its group', async () => {
    const table = lines(
      'isic_id,diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_4,lesion_id',
      'ISIC_1,Malignant,Malignant melanocytic proliferations (Melanoma),"Melanoma, NOS",,IL_1',
      'ISIC_2,Benign,Benign melanocytic proliferations,Nevus,"Nevus, Blue",IL_2',
      'ISIC_3,Malignant,Malignant epidermal proliferations,"Squamous cell carcinoma, Invasive",,IL_3',
      'ISIC_4,Malignant,Malignant melanocytic proliferations (Melanoma),,,IL_4',
      'ISIC_5,Benign,,,,IL_5',
      'ISIC_6,,,,,IL_6',
    );
    const set = await opened(
      table,
      [1, 2, 3, 4, 5, 6].map((index) => `ISIC_${index}.JPG`),
    );
    expect(contents(set)).toEqual([
      ['ISIC_1', 'MEL', 'IL_1'],
      ['ISIC_2', 'NV', 'IL_2'],
      ['ISIC_4', 'MEL', 'IL_4'],
    ]);
    expect(problemsOf(set)).toMatchObject({
      CLASS_UNKNOWN: ['ISIC_3 (line 4): Squamous cell carcinoma, Invasive', 'ISIC_5 (line 6): Benign'],
      LABEL_MISSING: ['ISIC_6 (line 7)'],
      CLASS_SYNONYM: [
        'Melanoma, NOS as MEL',
        'Nevus as NV',
        'Malignant melanocytic proliferations (Melanoma) as MEL',
      ],
    });
  });

  it.each([
    [
      'HAM10000 from Dataverse',
      '"lesion_id"\t"image_id"\t"dx"\t"age"\n"L1"\t"x_1"\t"mel"\t60.0\n',
      'x_1.jpg',
      'MEL',
      'L1',
    ],
    ['HAM10000 in other case', 'Lesion_ID,Image_ID,DX\nL1,x_1,NV\n', 'x_1.jpg', 'NV', 'L1'],
    [
      'BCN20000',
      'bcn_filename,diagnosis,lesion_id,split\nBCN_1.jpg,AK,BCN_L1,train\n',
      'BCN_1.jpg',
      'AKIEC',
      'BCN_L1',
    ],
    [
      'PAD-UFES-20',
      'patient_id,lesion_id,diagnostic,img_id\nP1,11,SEK,PAT_1_2_3.png\n',
      'PAT_1_2_3.png',
      'BKL',
      '11',
    ],
    [
      'ISIC 2020',
      'image_name,patient_id,lesion_id,diagnosis,target\nISIC_1,P,L1,lentigo NOS,0\n',
      'ISIC_1.jpg',
      'BKL',
      'L1',
    ],
    [
      'Derm7pt',
      'case_num,diagnosis,clinic,derm\n7,melanoma (in situ),NEL/N1.jpg,NEL/N2.JPG\n',
      'NEL/N2.jpg',
      'MEL',
      '7',
    ],
    [
      'ISIC 2018 in lower case',
      'image,nv,mel,bcc,akiec,bkl,df,vasc\nx,0,1,0,0,0,0,0\n',
      'x.jpg',
      'MEL',
      null,
    ],
    ['columns of full names', 'File;Melanoma;Nevus;Age\nx;0,0;1,0;50,5\n', 'x.jpg', 'NV', null],
    [
      'ISIC 2018 with semicolons',
      `\ufeffimage;${isicClasses.join(';')}\nx;0,0;0,0;1,0;0,0;0,0;0,0;0,0\n`,
      'x.png',
      'BCC',
      null,
    ],
  ])('%s', async (_, table, image, code, lesion) => {
    const set = await opened(table, [image]);
    expect(set.items.map((item) => [set.classes[item.label], item.lesion])).toEqual([[code, lesion]]);
    expect(files(set)).toEqual([image]);
  });
});

describe('names of files', () => {
  it.each([
    ['without extension', 'case_0', 'case_0.jpg'],
    ['in another case', 'CASE_0.JPG', 'case_0.jpg'],
    ['in another case without extension', 'Case_0', 'case_0.jpeg'],
    ['of another extension', 'case_0.tif', 'case_0.tif'],
    ['composed, the file decomposed', 'Läsion.jpg', 'La\u0308sion.jpg'],
    ['decomposed, the file composed', 'Fu\u00dfsohle e\u0301.jpg', 'Fu\u00dfsohle \u00e9.jpg'],
    ['with backslashes', 'A\\b\\case_0.jpg', 'a/b/case_0.jpg'],
    ['with a folder above', 'photos/a/case_0.jpg', 'a/case_0.jpg'],
    ['without their folder', 'case_0.jpg', 'a/case_0.jpg'],
    ['with spaces at the ends', ' case_0.jpg ', 'case_0.jpg'],
  ])('%s', async (_, name, file) => {
    expect(files(await opened(`image,label\n${name},MEL\n`, [file]))).toEqual([file]);
  });

  it('that fit several files are no file', async () => {
    const table = 'image,label\nx,MEL\na/1.jpg,NV\n';
    const set = await opened(table, ['a/x.jpg', 'b/x.jpg', 'a/1.jpg']);
    expect(files(set)).toEqual(['a/1.jpg']);
    expect(problemsOf(set).LABEL_WITHOUT_IMAGE).toEqual(['x (several files: a/x.jpg, b/x.jpg)']);
  });

  it('two of one file count once if they agree, and not at all if they do not', async () => {
    const table = 'image,label\nx,MEL\nx.jpg,MEL\ny,MEL\ny.jpg,NV\nz.jpg,NV\n';
    const set = await opened(table, ['x.jpg', 'y.jpg', 'z.jpg']);
    expect(contents(set).map(([id]) => id)).toEqual(['x.jpg', 'z.jpg']);
    expect(problemsOf(set)).toMatchObject({ IMAGE_DUPLICATE: ['x'], LABEL_CONFLICT: ['y.jpg'] });
  });

  it('that are exact keep their file from others that only resemble them', async () => {
    const set = await opened('image,label\nb/1.jpg,MEL\n1.jpg,NV\n', ['1.jpg']);
    expect(contents(set)).toEqual([['1.jpg', 'NV', null]]);
    expect(problemsOf(set).LABEL_WITHOUT_IMAGE).toEqual(['b/1.jpg']);
  });
});

describe('names of classes', () => {
  it('of any spelling are the seven, and said', async () => {
    const table = 'image,label\n1,Melanoma\n2,mel\n3,Naevus\n4,Basal Cell Carcinoma\n';
    const set = await opened(table, ['1.jpg', '2.jpg', '3.jpg', '4.jpg']);
    expect(contents(set).map(([, code]) => code)).toEqual(['MEL', 'MEL', 'NV', 'BCC']);
    expect(problemsOf(set).CLASS_SYNONYM).toEqual([
      'Basal Cell Carcinoma as BCC',
      'Melanoma as MEL',
      'Naevus as NV',
    ]);
  });

  it('that tell kinds apart stay classes of their own until a model takes them together', async () => {
    const images = { 'sk/1.jpg': '', 'lentigo/2.jpg': '', 'Seborrheic keratosis/3.jpg': '', 'SCC/4.jpg': '' };
    const set = await openDataset({ images: temporaryFolder(images), labels: null, lesions: null });
    expect(set.classes).toEqual(['SCC', 'Seborrheic keratosis', 'lentigo']);
    const aligned = alignClasses(set, isicClasses);
    expect(contents(aligned).map(([id, code]) => [id, code])).toEqual([
      ['Seborrheic keratosis/3.jpg', 'BKL'],
      ['lentigo/2.jpg', 'BKL'],
      ['sk/1.jpg', 'BKL'],
    ]);
    expect(problemsOf(aligned).CLASS_UNKNOWN).toEqual(['SCC/4.jpg: SCC']);
    // A model that has the kind gets it; one that has other kinds only gets nothing.
    expect(alignClasses(set, ['SK', 'BKL']).items.map(({ label }) => label)).toEqual([0, 1, 0]);
    expect((await refusalOf(() => alignClasses(set, ['lplk']))).code).toBe('DATASET_EMPTY');
  });

  it('of folders may be full names', async () => {
    const names = ['basal cell carcinoma', 'dermatofibroma', 'melanoma', 'nevus'];
    const folder = temporaryFolder(Object.fromEntries(names.map((name) => [`${name}/1.jpg`, ''])));
    const set = await openDataset({ images: folder, labels: null, lesions: null });
    expect(contents(set).map(([, code]) => code)).toEqual(['BCC', 'DF', 'MEL', 'NV']);
  });
});

describe('folders that are parts', () => {
  it.each([
    [['train/MEL/1.jpg', 'train/NV/2.jpg', 'test/MEL/3.jpg', 'test/NV/4.jpg'], /test, train.*parts/],
    [['Training/a/1.jpg', 'Validation/a/2.jpg', 'Testing/a/3.jpg'], /Testing, Training, Validation/],
    [['train_set/a/1.jpg', 'notes/x.txt'], /train_set/],
    [['train/1.jpg', 'val/2.jpg'], /train, val/],
    [['fold1/a/1.jpg', 'fold_2/a/1.jpg'], /fold1, fold_2/],
  ])('are never classes: %j', async (paths, message) => {
    const images = temporaryFolder(Object.fromEntries(paths.map((path) => [path, ''])));
    const refusal = await refusalOf(() => openDataset({ images, labels: null, lesions: null }));
    expect(refusal.code).toBe('DATASET_PARTS');
    expect(refusal.message).toMatch(message);
  });

  it('may stand inside classes, and a class may be called test where nothing else says that it is a part', async () => {
    const images = temporaryFolder({ 'MEL/train/1.jpg': '', 'NV/test/2.jpg': '' });
    expect((await openDataset({ images, labels: null, lesions: null })).items).toHaveLength(2);
    const wart = temporaryFolder({ 'test/1.jpg': '', 'wart/2.jpg': '' });
    expect((await openDataset({ images: wart, labels: null, lesions: null })).classes).toEqual([
      'test',
      'wart',
    ]);
  });
});

it('names the columns of a table that it cannot read, and what to rename', async () => {
  const message = async (table: string) => (await refusalOf(() => opened(table, ['a.jpg']))).message;
  expect(await message('Foto Nr,Befund\n1,x\n')).toBe(
    'labels.csv has the columns "Foto Nr", "Befund": none of them names the images (rename it to image); none of them names the classes (rename it to label).',
  );
  expect(await message('image_id,melanoma_risk\n1,x\n')).toMatch(
    /"image_id" names the images; none .* to label/,
  );
  expect(await message('x.jpg\n')).toMatch(/has the columns "x\.jpg"/);
});

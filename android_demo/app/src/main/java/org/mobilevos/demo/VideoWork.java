package org.mobilevos.demo;

import android.net.Uri;
import java.io.IOException;
import org.mobilevos.core.Engine;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Passes;
import org.mobilevos.core.RgbImage;
import org.mobilevos.demo.logic.ObjectIds;

/** Follows objects through a video file; this goes on without an activity. */
final class VideoWork extends MarkingWork {
    /** Hears, in the UI thread, that there is another status. */
    interface Listener {
        void onVideoStatus(VideoStatus status);
    }

    // More than the model takes at once go in several passes, whose probabilities need 4 bytes a pixel for each object.
    private static final int MOST_OBJECTS = 20;
    private static final long TELL_EVERY_NS = 250L * 1000 * 1000;

    private final VideoResults results;
    private volatile boolean cancelled;
    private volatile long wantedUs;
    // The last wish that was fulfilled; only the UI thread changes what is wanted, so that no wish gets lost.
    private long soughtUs;
    private volatile Listener listener;
    private VideoStatus.Phase phase = VideoStatus.Phase.EMPTY;
    private String name = "";
    private String engine;
    private String fallback = "";
    private float progress;
    private VideoReader reader;
    // The objects that were marked before the one that is being selected.
    private Mask marked;

    VideoWork(Workbench workbench) {
        super(workbench);
        results = new VideoResults(workbench.context);
        post(new Command() {
            @Override
            void run() {
                results.clear(); // of a process that Android ended
            }
        });
    }

    /** Who hears from now on; null for nobody. */
    void setListener(Listener newListener) {
        listener = newListener;
    }

    /** Opens a video and shows its first frame. */
    void load(final Uri uri) {
        post(new Command() {
            @Override
            void run() {
                release();
                painter = null;
                showPicture();
                name = Documents.name(workbench.context, uri);
                reader = VideoReader.open(workbench.context, uri);
                if (!reader.next()) {
                    release();
                    throw new VideoException("the video has no frame; choose another");
                }
                phase = VideoStatus.Phase.CHOOSING;
                soughtUs = 0;
                showFrame();
            }
        });
    }

    /** Shows the frame at a time. */
    void seek(long timeUs) {
        wantedUs = timeUs;
        post(new Command() {
            @Override
            void run() {
                // Of many wishes, the last one counts.
                long target = wantedUs;
                if (phase == VideoStatus.Phase.CHOOSING && target != soughtUs) {
                    soughtUs = target;
                    reader.seek(target);
                    showFrame();
                }
            }
        });
    }

    /** The frame that is shown is the first one, or, after a video was followed, another one shall be chosen. */
    void chooseFrame() {
        post(new Command() {
            @Override
            void run() {
                if (phase == VideoStatus.Phase.DONE) {
                    phase = VideoStatus.Phase.CHOOSING;
                    reader.seek(0);
                    soughtUs = 0;
                    showFrame();
                } else if (phase == VideoStatus.Phase.CHOOSING) {
                    phase = VideoStatus.Phase.SELECTING;
                    marked = new Mask(reader.picture().width, reader.picture().height);
                    select();
                }
            }
        });
    }

    /** Begins to mark one more object. */
    void add() {
        post(new Command() {
            @Override
            void run() {
                selection().addTo(marked);
                select();
            }
        });
    }

    void cancelSelection() {
        post(new Command() {
            @Override
            void run() {
                if (phase == VideoStatus.Phase.SELECTING) {
                    phase = VideoStatus.Phase.CHOOSING;
                    selection = null;
                    showFrame();
                }
            }
        });
    }

    /** Follows what is marked, to the end of the video. False where the inference thread has other long work. */
    boolean follow() {
        if (!workbench.begin(R.string.busy_video)) {
            return false;
        }
        cancelled = false;
        post(new Command() {
            @Override
            void run() throws IOException {
                try {
                    if (phase == VideoStatus.Phase.SELECTING) {
                        Mask objects = marked.copy(); // where following does not begin, marking goes on
                        selection().addTo(objects);
                        followAll(objects);
                    }
                } finally {
                    workbench.end();
                }
            }
        });
        return true;
    }

    /** Ends what is being followed; the frames up to there are kept. */
    void cancel() {
        cancelled = true;
    }

    /** Copies the mp4 to a document. False where the inference thread has other long work. */
    boolean saveVideo(final Uri document) {
        return save(new Command() {
            @Override
            void run() throws IOException {
                results.saveVideo(document);
                note = workbench.context.getString(R.string.video_saved);
            }
        });
    }

    /**
     * Copies the masks to a new folder of a tree of documents. False where the inference thread has other long work.
     */
    boolean saveMasks(final Uri tree) {
        return save(new Command() {
            @Override
            void run() throws IOException {
                String folder = results.saveMasks(tree, name);
                note = workbench.context.getString(R.string.masks_saved, folder);
            }
        });
    }

    /** Closes the video and forgets its results; in the inference thread. */
    void release() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
        selection = null;
        phase = VideoStatus.Phase.EMPTY;
        progress = 0;
        results.clear();
    }

    private boolean save(final Command saving) {
        if (!workbench.begin(R.string.busy_saving)) {
            return false;
        }
        post(new Command() {
            @Override
            void run() throws IOException {
                VideoStatus.Phase before = phase;
                phase = VideoStatus.Phase.SAVING;
                tell();
                try {
                    saving.run();
                } finally {
                    phase = before;
                    workbench.end();
                }
            }
        });
        return true;
    }

    private void followAll(Mask objects) throws IOException {
        Engine opened = workbench.openChosen();
        RgbImage picture = reader.picture();
        // A video waits, so there may be more objects than the model takes at once.
        Passes passes = Passes.start(opened, picture, objects);
        results.begin(picture.width, picture.height, reader.format.framesPerSecond);
        selection = null;
        phase = VideoStatus.Phase.FOLLOWING;
        progress = 0;
        tell();
        long startUs = reader.timeUs();
        long toldAt = System.nanoTime();
        try {
            results.add(painter.drawWhole(picture, objects), objects, 0);
            while (!cancelled && reader.next()) {
                Mask mask = passes.step(picture).mask;
                engine = opened.name();
                fallback = opened.fallbackReason();
                results.add(painter.drawWhole(picture, mask), mask, reader.timeUs() - startUs);
                progress = share(reader.timeUs() - startUs, reader.format.durationUs - startUs);
                showPicture();
                if (System.nanoTime() - toldAt > TELL_EVERY_NS) {
                    toldAt = System.nanoTime();
                    tell();
                }
            }
        } finally {
            // What was followed can be saved, whatever ended it.
            phase = VideoStatus.Phase.DONE;
            results.finish();
        }
        note = results.problem();
    }

    private static float share(long done, long all) {
        return all <= 0 ? 0 : Math.min(1, (float) done / all);
    }

    private void showFrame() {
        RgbImage picture = reader.picture();
        if (painter == null || painter.width != picture.width || painter.height != picture.height) {
            painter = new FramePainter(picture.width, picture.height);
        }
        painter.drawWhole(picture, new Mask(picture.width, picture.height));
        showPicture();
    }

    private void select() {
        selection = new SelectionWork(reader.picture(), ObjectIds.next(marked.objectIds()), marked, painter);
        showPicture();
    }

    @Override
    void tell() {
        final VideoStatus status = new VideoStatus();
        status.phase = phase;
        status.name = name;
        status.durationUs = reader == null ? 0 : reader.format.durationUs;
        status.timeUs = reader == null ? 0 : reader.timeUs();
        status.divisor = reader == null ? 1 : reader.format.divisor;
        status.progress = progress;
        status.frames = results.frames();
        status.hasVideo = results.hasVideo();
        status.selectionEmpty = selection == null || selection.isEmpty();
        status.selectionGuessed = selection != null && selection.isGuessed();
        status.canAdd = !status.selectionEmpty && workbench.chosen() != null
                && marked.objectIds().length + 1 < MOST_OBJECTS;
        status.engine = engine;
        status.fallback = fallback;
        status.note = note;
        workbench.main.post(new Runnable() {
            @Override
            public void run() {
                if (listener != null) {
                    listener.onVideoStatus(status);
                }
            }
        });
    }
}

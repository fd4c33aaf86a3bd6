package org.mobilevos.demo;

import java.io.IOException;
import org.mobilevos.core.InvalidInputException;

/**
 * Work of a tab in which objects are marked on a frozen frame. Its methods may be called in the UI thread, unless they
 * say otherwise; all work is done in the inference thread, in turn.
 */
abstract class MarkingWork {
    /** Hears, in the UI thread, that there is another picture. */
    interface PictureListener {
        void onPicture(FramePainter painter);
    }

    /** Something to do in the inference thread. */
    abstract static class Command {
        abstract void run() throws IOException;
    }

    final Workbench workbench;
    // These belong to the inference thread.
    FramePainter painter;
    SelectionWork selection;
    /** What the user should know, such as an error; null for nothing. */
    String note;
    private volatile FramePainter shown;
    private volatile PictureListener pictureListener;

    private final Runnable show = new Runnable() {
        @Override
        public void run() {
            if (pictureListener != null) {
                pictureListener.onPicture(shown);
            }
        }
    };

    private final Runnable tell = new Runnable() {
        @Override
        public void run() {
            tell();
        }
    };

    MarkingWork(Workbench workbench) {
        this.workbench = workbench;
    }

    /** Tells the listener the present status; in the inference thread. */
    abstract void tell();

    /** Looks after what may have changed since the last command; in the inference thread. */
    void beforeCommand() {}

    /** Who gets pictures from now on, and the present picture and status at once; null for nobody. */
    void setPictureListener(PictureListener listener) {
        pictureListener = listener;
        if (listener != null) {
            workbench.main.post(show);
            workbench.inference.post(tell);
        }
    }

    /** Selects what is in a box. */
    void box(final int left, final int top, final int width, final int height) {
        post(new Command() {
            @Override
            void run() {
                selection().box(left, top, width, height);
                showPicture();
            }
        });
    }

    /** Adds what is under a stroke to the selection, or takes it away. */
    void stroke(final int[] xs, final int[] ys, final int radius, final boolean plus) {
        post(new Command() {
            @Override
            void run() {
                selection().stroke(xs, ys, radius, plus);
                showPicture();
            }
        });
    }

    /** Takes the last box or stroke back. */
    void undo() {
        post(new Command() {
            @Override
            void run() {
                selection().undo();
                showPicture();
            }
        });
    }

    /** The selection that goes on; in the inference thread. */
    SelectionWork selection() {
        if (selection == null) {
            throw new InvalidInputException("the picture was not frozen yet; draw again");
        }
        return selection;
    }

    /** The painter has drawn; in the inference thread. Allocates nothing. */
    void showPicture() {
        shown = painter;
        workbench.main.post(show);
    }

    /** Runs a command in the inference thread; what goes wrong becomes a note. Then tells the status. */
    void post(final Command command) {
        workbench.inference.post(new Runnable() {
            @Override
            public void run() {
                note = null;
                try {
                    beforeCommand();
                    command.run();
                } catch (IOException error) {
                    note = Problems.text(workbench.context, error);
                } catch (RuntimeException error) {
                    note = Problems.text(workbench.context, error);
                } catch (OutOfMemoryError error) { // a large video on a small phone
                    note = Problems.text(workbench.context, error);
                }
                tell();
            }
        });
    }
}
